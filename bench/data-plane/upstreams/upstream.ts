/** The server behind all subjects. */
export interface Upstream {
  readonly port: number;
  stop(): Promise<void>;
}
