import type { Message } from './message.ts';

export interface EmittedInbound {
  readonly listener: Message;
  /** That of the program, and others that the listener asks. */
  readonly clusters: readonly Message[];
  /** Of an HTTP listener. */
  readonly routes?: Message;
}
