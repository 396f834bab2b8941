import { Backoff } from '../../kubernetes-client/backoff.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';

/** Work that one replica of the controller does at a time, such as writing status. */
export interface LeaderTask {
  readonly name: string;
  /**
   * Runs until the signal aborts, and resolves then. The connection sends nothing once another replica may lead. When it
   * rejects it is run again after a while.
   */
  run(connection: StreamingConnection, signal: AbortSignal): Promise<void>;
}

export interface LeaderTaskOptions {
  readonly onFailure: (task: LeaderTask, error: unknown) => void;
  /** Before a task that failed is run again, in milliseconds: the shortest, doubled each time, and the longest. */
  readonly backoff?: readonly [number, number];
}

const defaultBackoff = [1_000, 60_000] as const;
/** A task that has run for so long, in milliseconds, begins with the shortest pause again. */
const settled = 60_000;

/** Runs all tasks side by side until the signal aborts and each of them has ended. */
export async function runLeaderTasks(
  tasks: readonly LeaderTask[],
  connection: StreamingConnection,
  signal: AbortSignal,
  options: LeaderTaskOptions,
): Promise<void> {
  await Promise.all(tasks.map((task) => keepRunning(task, connection, signal, options)));
}

async function keepRunning(
  task: LeaderTask,
  connection: StreamingConnection,
  signal: AbortSignal,
  { onFailure, backoff: [base, max] = defaultBackoff }: LeaderTaskOptions,
): Promise<void> {
  const backoff = new Backoff({ base, max });
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      await task.run(connection, signal);
      // A task that has nothing more to do has ended.
      return;
    } catch (error) {
      if (signal.aborted) return;
      onFailure(task, error);
    }
    if (performance.now() - startedAt > settled) backoff.reset();
    await backoff.wait(signal);
  }
}
