import { Backoff } from '../kubernetes-client/backoff.ts';
import type { StreamingConnection } from '../kubernetes-client/connect.ts';
import { describeFault, type StoredAuthority } from './authority-secret.ts';
import type { AuthorityState } from './authority-state.ts';
import type { ClusterAuthority, CredentialMaker } from './cluster-authority.ts';
import { introduced, nextStep } from './rotation.ts';

export interface RotationTaskOptions {
  readonly cluster: ClusterAuthority;
  readonly make: CredentialMaker;
  /** Of the certificates that are signed. */
  readonly lifeSeconds: number;
  readonly log: (line: string) => void;
  /** Milliseconds since 1970; the system's unless told otherwise. */
  readonly clock?: () => number;
  /** How often it looks what is due, in milliseconds, beside whenever the Secret changes. */
  readonly lookMillis?: number;
}

/** Work of the leader: rotates the authority, in steps that another leader can go on with at any point. */
export interface RotationTask {
  readonly name: string;
  run(connection: StreamingConnection, signal: AbortSignal): Promise<void>;
}

const defaultLook = 60_000;

export function rotationTask(options: RotationTaskOptions): RotationTask {
  const { cluster, lookMillis = defaultLook } = options;
  return {
    name: 'authority',
    async run(connection, signal) {
      const backoff = new Backoff({ base: 200, max: 5_000 });
      while (!signal.aborted) {
        const done = await step(options, connection, signal);
        if (done === 'again') {
          await backoff.wait(signal);
          continue;
        }
        backoff.reset();
        if (done === 'waiting') await cluster.changed(lookMillis, signal);
      }
    },
  };
}

/** `again`: somebody else has written; rejects when the apiserver does not answer or what it has cannot be used. */
async function step(
  options: RotationTaskOptions,
  connection: StreamingConnection,
  signal: AbortSignal,
): Promise<'waiting' | 'written' | 'again'> {
  const { cluster, lifeSeconds, make, log, clock = Date.now } = options;
  const stored = await cluster.secret.read(connection);
  if (!stored.ok) throw new Error(describeFault(stored.error));
  if (stored.value === undefined) {
    log('the Secret of the authority is gone; it is made again from what is in use');
    const created = await cluster.secret.create(connection, cluster.state);
    return settled(created.ok ? undefined : created.error);
  }
  const { state, wanted } = stored.value;
  const due = nextStep(state, { now: clock(), lifeSeconds, wanted });
  if (due.kind === 'wait') return 'waiting';
  if (due.kind === 'write') return await write(options, connection, stored.value, due.state, due.because);
  const made = await make(connection, signal);
  if (signal.aborted) return 'waiting';
  if (!made.ok) throw new Error(`no new authority could be made: ${made.error}`);
  return await write(options, connection, stored.value, introduced(state, made.value, clock()), due.because);
}

async function write(
  { cluster, log }: RotationTaskOptions,
  connection: StreamingConnection,
  stored: StoredAuthority,
  state: AuthorityState,
  because: string,
): Promise<'written' | 'again'> {
  const updated = await cluster.secret.update(connection, stored, state);
  if (updated.ok) log(`authority is ${state.phase}: ${because}`);
  return settled(updated.ok ? undefined : updated.error);
}

function settled(fault: Parameters<typeof describeFault>[0] | undefined): 'written' | 'again' {
  if (fault === undefined) return 'written';
  if (fault.kind === 'conflict') return 'again';
  throw new Error(describeFault(fault));
}
