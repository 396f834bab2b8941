import type { ScenarioName } from './scenario.ts';

export interface DataPlaneOptions {
  readonly benchmark: 'data-plane';
  readonly names: readonly ScenarioName[];
  readonly output: 'table' | 'json';
  /** Length of one measurement. */
  readonly seconds: number;
  /** Measurements of each subject; the subjects take turns. */
  readonly rounds: number;
  /** Requests that the load generator keeps under way; a connection each with HTTP/1.1. */
  readonly connections: number;
  /** Only these; all without it. */
  readonly subjects?: readonly string[];
  /** Instead of figures: the folder that gets a CPU profile of our proxy. */
  readonly profile?: string;
}
