export interface XdsBenchOptions {
  readonly benchmark: 'xds';
  readonly output: 'table' | 'json';
  /** Length of one measurement. */
  readonly seconds: number;
  /** Measurements of each server; the servers take turns. */
  readonly rounds: number;
  /** Numbers of clients, each measured over `services`. */
  readonly clients: readonly number[];
  readonly services: number;
  /** Numbers of services over which the cost of one change is compared, with a few clients. */
  readonly meshes: readonly number[];
  /** Only these; all without it. */
  readonly subjects?: readonly string[];
  /** Clients ask for everything by wildcard, and not for endpoints and routes by name as Envoy does. */
  readonly wildcard: boolean;
  /** Mutual TLS between clients and servers. */
  readonly tls: boolean;
  /** The folder that gets a CPU profile of our server. */
  readonly profile?: string;
}
