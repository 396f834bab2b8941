import type { CompiledPhases } from '../phases/phase.ts';
import type { Ticker } from '../ticker.ts';

/** What a client's connection needs of its listener. */
export interface ConnectionHost<Connection> {
  readonly ticker: Ticker;
  /** The phases of requests that begin now. */
  readonly phases: CompiledPhases;
  readonly draining: boolean;
  closed(connection: Connection): void;
}
