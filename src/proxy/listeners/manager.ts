import type { TlsMaterial } from '../tls/material.ts';
import type { ConnectionListener, Listener } from './listener.ts';

export interface Place {
  readonly address: string;
  /** 0 is any that is free. */
  readonly port: number;
}

/** A listener that a configuration asks for. `key` is equal for those that can take over from one another. */
export interface ListenerSpec {
  readonly key: string;
  /** Where it is bound; undefined where others hand connections to it. */
  readonly place: Place | undefined;
  create(): ManagedListener;
  /** Gives an existing one its new table. */
  update(listener: ManagedListener): void;
}

export type ManagedListener = Pick<Listener<never>, 'listen' | 'connections' | 'drain' | 'destroy'> &
  Partial<Pick<ConnectionListener<never>, 'port' | 'take'>> & {
    useMaterial(material: TlsMaterial): void;
  };

const firstRetryMillis = 100;
const lastRetryMillis = 5_000;

/** Keeps what is bound equal to what is configured, leaving alone what did not change. */
export class ListenerManager {
  readonly #log: (line: string) => void;
  readonly #bound = new Map<string, ManagedListener>();
  readonly #leaving = new Set<ManagedListener>();
  readonly #retries = new Map<string, NodeJS.Timeout>();
  #stopped = false;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  get connections(): number {
    let count = 0;
    for (const listener of [...this.#bound.values(), ...this.#leaving]) count += listener.connections;
    return count;
  }

  /** The listener of a key, while the configuration has it. */
  find(key: string): ManagedListener | undefined {
    return this.#bound.get(key);
  }

  /** Settles when each new listener is bound or its first attempt failed; true when all are bound. */
  async apply(specs: readonly ListenerSpec[]): Promise<boolean> {
    const wanted = new Set(specs.map((spec) => spec.key));
    for (const [key, timer] of this.#retries) {
      if (wanted.has(key)) continue;
      clearTimeout(timer);
      this.#retries.delete(key);
    }
    for (const [key, listener] of this.#bound) {
      if (wanted.has(key)) continue;
      this.#bound.delete(key);
      this.#leaving.add(listener);
      listener.drain();
      this.#log(`listener ${key} closed`);
    }
    this.#forgetEmpty();
    const results = await Promise.all(specs.map((spec) => this.#ensure(spec, firstRetryMillis)));
    return results.every(Boolean);
  }

  useMaterial(material: TlsMaterial): void {
    for (const listener of this.#bound.values()) listener.useMaterial(material);
  }

  drain(): void {
    this.#stopped = true;
    for (const timer of this.#retries.values()) clearTimeout(timer);
    for (const listener of this.#bound.values()) listener.drain();
  }

  destroy(): void {
    this.#stopped = true;
    for (const timer of this.#retries.values()) clearTimeout(timer);
    for (const listener of [...this.#bound.values(), ...this.#leaving]) listener.destroy();
    this.#bound.clear();
    this.#leaving.clear();
  }

  async #ensure(spec: ListenerSpec, retryMillis: number): Promise<boolean> {
    const existing = this.#bound.get(spec.key);
    if (existing !== undefined) {
      spec.update(existing);
      return true;
    }
    const waiting = this.#retries.get(spec.key);
    if (waiting !== undefined) clearTimeout(waiting);
    this.#retries.delete(spec.key);
    const listener = spec.create();
    this.#bound.set(spec.key, listener);
    if (spec.place === undefined) return true;
    try {
      await listener.listen(spec.place.address, spec.place.port);
    } catch (error) {
      if (this.#bound.get(spec.key) === listener) this.#bound.delete(spec.key);
      this.#log(`listener ${spec.key} cannot be bound: ${(error as Error).message}`);
      if (this.#stopped) return false;
      const next = Math.min(retryMillis * 2, lastRetryMillis);
      const timer = setTimeout(() => void this.#ensure(spec, next), retryMillis);
      this.#retries.set(spec.key, timer);
      return false;
    }
    this.#log(`listener ${spec.key} bound`);
    return true;
  }

  #forgetEmpty(): void {
    for (const listener of this.#leaving) if (listener.connections === 0) this.#leaving.delete(listener);
  }
}
