export interface ControllerBenchOptions {
  readonly benchmark: 'controller';
  readonly output: 'table' | 'json';
  readonly services: number;
  readonly pods: number;
  readonly splits: number;
  /** Proxies that are connected; every second one is an Envoy. */
  readonly proxies: number;
  /** Moved weights, one after the other, while nothing else changes. */
  readonly patches: number;
  /** Of them as many more by the real kubectl. */
  readonly kubectl: number;
  /** How long each of the two phases at rest and under changes lasts. */
  readonly seconds: number;
  /** The folder that gets a CPU profile of the controller for each phase. */
  readonly profile?: string;
}
