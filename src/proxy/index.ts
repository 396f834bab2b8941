import type { ProxyBootstrap } from './bootstrap.ts';

export { type BootstrapSecret, type ProxyBootstrap, parseBootstrap, type StaticResource } from './bootstrap.ts';

export interface ProxyHooks {
  /** One line for each event; standard error by default. */
  readonly log?: (line: string) => void;
}

/** A proxy in this process. Several can run side by side. */
export interface RunningProxy {
  readonly adminAddress: { readonly address: string; readonly port: number };
  /** Settles once a configuration is applied and its listeners are bound. */
  readonly ready: Promise<void>;
  /** Counts applied configurations; 0 before the first. */
  readonly configVersion: number;
  /** Stops accepting, finishes what is in flight within the limit, then stops. */
  drain(): Promise<void>;
  /** Closes everything at once. */
  stop(): Promise<void>;
}

/** Starts a proxy; rejects when the admin address cannot be bound or the secret is no key pair. */
export async function startProxy(bootstrap: ProxyBootstrap, hooks?: ProxyHooks): Promise<RunningProxy> {
  throw new Error(`not yet: ${bootstrap.node} ${hooks === undefined}`);
}
