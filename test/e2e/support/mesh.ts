import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import type { LocalEvent } from '../../../src/control/local/events.ts';
import { readLines } from '../../../src/control/local/lines.ts';
import { parseMetrics, type Sample } from '../../../src/control/local/metrics-scrape.ts';

const cli = resolve('src/cli/main.ts');
const example = resolve('examples/bookstore');

export type EventOf<T extends LocalEvent['type']> = Extract<LocalEvent, { readonly type: T }>;

/** A copy of the bookstore that a test may edit, beside a state directory of its own. */
export class Bookstore {
  readonly root = mkdtempSync(join(tmpdir(), 'smi-e2e-'));
  readonly folder = join(this.root, 'bookstore');
  readonly state = join(this.root, 'state');

  constructor() {
    cpSync(example, this.folder, { recursive: true });
  }

  read(file: string): string {
    return readFileSync(join(this.folder, file), 'utf8');
  }

  /** Writes a file in one go and returns the time of the save. */
  write(file: string, text: string): number {
    writeFileSync(join(this.folder, file), text);
    return performance.now();
  }

  edit(file: string, change: (text: string) => string): number {
    const before = this.read(file);
    const after = change(before);
    expect(after, `the edit of ${file} must change something`).not.toBe(before);
    return this.write(file, after);
  }

  setWeights(v1: number, v2: number): number {
    const weights = [v1, v2];
    return this.edit('traffic-split.yaml', (text) => text.replace(/weight: .*/g, () => `weight: ${weights.shift()}`));
  }

  setRate(deployment: 'bookbuyer' | 'bookthief', perSecond: number): void {
    this.edit(`${deployment}.yaml`, (text) => text.replace(/value: "\d+"/, `value: "${perSecond}"`));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** `smi-cli up -o json` as a child, with everything that it has said. */
export class RunningMesh {
  readonly events: LocalEvent[] = [];
  readonly stderr: string[] = [];
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;

  constructor(folder: string, state: string, ...args: readonly string[]) {
    const command = [cli, 'up', folder, '--state', state, '-o', 'json', ...args];
    this.child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.exited = new Promise((settle) => this.child.once('exit', (code) => settle(code)));
    if (this.child.stdout !== null) readLines(this.child.stdout, (line) => this.events.push(JSON.parse(line)));
    if (this.child.stderr !== null) readLines(this.child.stderr, (line) => this.stderr.push(line));
  }

  all<T extends LocalEvent['type']>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type);
  }

  /** The first event of a type, after those that were there at a mark, for which the predicate holds. */
  async next<T extends LocalEvent['type']>(
    type: T,
    after = 0,
    predicate: (event: EventOf<T>) => boolean = () => true,
    withinMillis = 30_000,
  ): Promise<EventOf<T>> {
    const find = () =>
      this.events
        .slice(after)
        .find((event): event is EventOf<T> => event.type === type && predicate(event as EventOf<T>));
    await until(
      () => find() !== undefined,
      withinMillis,
      () => `event ${type}; ${this.tail()}`,
    );
    return find() as EventOf<T>;
  }

  /** The pod's loopback address. */
  addressOf(pod: string): string {
    const address = this.all('pod').findLast((event) => event.pod === `default/${pod}`)?.address;
    if (address === undefined) throw new Error(`${pod} has no address yet; ${this.tail()}`);
    return address;
  }

  /** The process that runs now as a part of a pod; of the control plane where no pod is named. */
  pidOf(part: string, pod = ''): number {
    const own = this.all('process').filter((event) => event.part === part && event.pod === (pod && `default/${pod}`));
    const last = own.findLast(({ state }) => state === 'started');
    if (last?.pid === undefined) throw new Error(`${pod} ${part} was not started; ${this.tail()}`);
    return last.pid;
  }

  /** Every process that was ever started. */
  get pids(): readonly number[] {
    return this.all('process').flatMap(({ pid }) => pid ?? []);
  }

  async metrics(pod: string): Promise<readonly Sample[]> {
    const response = await fetch(`http://${this.addressOf(pod)}:15000/metrics`, { signal: AbortSignal.timeout(5_000) });
    return parseMetrics(await response.text());
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    if (this.child.exitCode === null) this.child.kill(signal);
    return this.exited;
  }

  /** For messages of failed tests. */
  tail(): string {
    const last = this.events.slice(-15).map((event) => JSON.stringify(event));
    return [`${this.events.length} events, the last ones:`, ...last, ...this.stderr.slice(-15)].join('\n');
  }
}

/** Waits until a condition holds; what was expected goes into the error. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  withinMillis: number,
  expected: () => string,
): Promise<void> {
  const deadline = performance.now() + withinMillis;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMillis} ms: ${expected()}`);
    await pause(20);
  }
}

export function pause(millis: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, millis));
}

/** Whether a process is there and is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return status.slice(status.lastIndexOf(')') + 2, status.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}
