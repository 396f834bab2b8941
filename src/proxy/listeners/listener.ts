/** A bound address whose behaviour can be replaced while it serves. */
export interface Listener<Table> {
  listen(address: string, port: number): Promise<void>;
  use(table: Table): void;
  readonly connections: number;
  /** Stops accepting and lets what is under way finish. */
  drain(): void;
  /** Ends everything. */
  destroy(): void;
}
