import type { Socket } from 'node:net';
import type { Destination } from '../interception/original-destination.ts';

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

/** Takes connections, also such as were accepted elsewhere; then it need not be bound. */
export interface ConnectionListener<Table> extends Listener<Table> {
  /** The port that it is bound to; 0 while it is not. */
  readonly port: number;
  /** Takes a connection that came by another way; `destination`: where it was going, if that is still to decide. */
  take(socket: Socket, destination?: Destination): void;
}
