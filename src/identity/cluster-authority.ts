import { Backoff } from '../kubernetes-client/backoff.ts';
import type { StreamingConnection } from '../kubernetes-client/connect.ts';
import { startReflector } from '../kubernetes-client/reflector.ts';
import type { Result } from '../lib/result.ts';
import { type Authority, LiveAuthority } from './authority.ts';
import { AuthoritySecret, describeFault } from './authority-secret.ts';
import { type AuthorityState, signerOf } from './authority-state.ts';
import type { AuthorityCredential } from './credential.ts';
import { firstState } from './rotation.ts';

/** Makes what an authority signs with: signed by itself, or by an authority above it. The error is a sentence. */
export type CredentialMaker = (
  connection: Pick<StreamingConnection, 'get' | 'send'>,
  signal: AbortSignal,
) => Promise<Result<AuthorityCredential, string>>;

export interface ClusterAuthorityOptions {
  readonly connection: StreamingConnection;
  /** Of the control plane. */
  readonly namespace: string;
  readonly trustDomain: string;
  /** Of the certificates that are signed. */
  readonly lifeSeconds: number;
  readonly make: CredentialMaker;
  /** Ends the waiting for the first state. */
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** Milliseconds since 1970; the system's unless told otherwise. */
  readonly clock?: () => number;
}

/** The authority that all replicas of a control plane share. */
export interface ClusterAuthority {
  readonly authority: Authority;
  /** What is stored, as far as this replica knows. */
  readonly state: AuthorityState;
  readonly secret: AuthoritySecret;
  /** Resolves when what is stored has changed, the time is over (in milliseconds), or the signal aborts. */
  changed(millis: number, signal: AbortSignal): Promise<void>;
  stop(): void;
}

/**
 * The authority in the Secret of the control plane, made by the first replica and followed by all. Waits while the apiserver is
 * away; rejects with a sentence when what is stored cannot be used: nobody replaces a key that others may trust.
 */
export async function startClusterAuthority(options: ClusterAuthorityOptions): Promise<ClusterAuthority> {
  const { trustDomain, clock = Date.now } = options;
  const secret = new AuthoritySecret(options.namespace);
  const state = await firstOf(secret, options, clock);
  const signer = await signerOf(trustDomain, state);
  if (!signer.ok) throw new Error(signer.error);
  return new FollowedAuthority(secret, state, new LiveAuthority(trustDomain, signer.value, clock), options);
}

async function firstOf(
  secret: AuthoritySecret,
  { connection, lifeSeconds, make, signal, log }: ClusterAuthorityOptions,
  clock: () => number,
): Promise<AuthorityState> {
  const backoff = new Backoff({ base: 500, max: 15_000 });
  const failed = async (because: string): Promise<void> => {
    log(`no authority yet: ${because}`);
    await backoff.wait(signal);
  };
  let made: AuthorityState | undefined;
  while (!signal.aborted) {
    const stored = await secret.read(connection);
    if (!stored.ok) {
      if (stored.error.kind === 'damaged') throw new Error(stored.error.because);
      await failed(describeFault(stored.error));
      continue;
    }
    if (stored.value !== undefined) return stored.value.state;
    if (made === undefined) {
      const credential = await make(connection, signal);
      if (credential.ok) made = firstState(credential.value, clock(), lifeSeconds);
      else await failed(credential.error);
      continue;
    }
    const created = await secret.create(connection, made);
    // Another replica may have been first: what it has made is the authority of all.
    if (created.ok) log('made a new authority');
    else if (created.error.kind !== 'conflict') await failed(describeFault(created.error));
  }
  throw new Error('told to end before there was an authority');
}

class FollowedAuthority implements ClusterAuthority {
  readonly authority: LiveAuthority;
  readonly secret: AuthoritySecret;
  #state: AuthorityState;
  readonly #options: ClusterAuthorityOptions;
  readonly #stop: () => void;
  readonly #waiting = new Set<() => void>();
  #adopting: Promise<void> = Promise.resolve();

  constructor(
    secret: AuthoritySecret,
    state: AuthorityState,
    authority: LiveAuthority,
    options: ClusterAuthorityOptions,
  ) {
    this.authority = authority;
    this.secret = secret;
    this.#state = state;
    this.#options = options;
    const { connection, log } = options;
    const reflector = startReflector(connection, {
      ...secret.list,
      onChange: ({ set, removed }) => {
        for (const object of set) this.#adopting = this.#adopting.then(() => this.#adopt(object));
        if (removed.length > 0) log('the Secret of the authority was removed; what was in it stays in use');
        this.#adopting = this.#adopting.then(() => this.#wake());
      },
      onFault: ({ diagnostic }) => log(`the Secret of the authority cannot be followed: ${diagnostic.message}`),
    });
    this.#stop = () => reflector.stop();
  }

  get state(): AuthorityState {
    return this.#state;
  }

  changed(millis: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, millis);
      signal.addEventListener('abort', done);
      this.#waiting.add(done);
      if (signal.aborted) done();
    });
  }

  stop(): void {
    this.#stop();
    this.#wake();
  }

  async #adopt(object: unknown): Promise<void> {
    const { trustDomain, log } = this.#options;
    const stored = this.secret.parse(object);
    if (!stored.ok) {
      log(`${describeFault(stored.error)}; what it had before stays in use`);
      return;
    }
    const signer = await signerOf(trustDomain, stored.value.state);
    if (!signer.ok) {
      log(`the Secret of the authority cannot be used: ${signer.error}; what it had before stays in use`);
      return;
    }
    this.#state = stored.value.state;
    this.authority.replace(signer.value);
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
