export interface CollectorBenchOptions {
  readonly benchmark: 'collector';
  readonly output: 'table' | 'json';
  /** Simulated sidecars; ten of them are a Deployment. */
  readonly proxies: number;
  /** Other pods that each of them calls. */
  readonly calls: number;
  /** How long the collector is watched, in seconds. */
  readonly seconds: number;
  /** How often a summary is asked for. */
  readonly refreshes: number;
}
