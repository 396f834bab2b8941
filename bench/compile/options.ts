export interface CompileBenchOptions {
  readonly benchmark: 'compile';
  readonly output: 'table' | 'json';
  /** Numbers of Services; each mesh has twice as many pods, half as many splits and half as many targets. */
  readonly meshes: readonly number[];
  /** Changes of each kind. */
  readonly changes: number;
  /** Numbers of proxies that are connected while the changes are published. */
  readonly connected: readonly number[];
}
