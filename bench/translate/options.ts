export interface TranslateBenchOptions {
  readonly benchmark: 'translate';
  readonly output: 'table' | 'json';
  /** As many splits and targets. */
  readonly services: number;
  readonly rounds: number;
}
