import type { HeaderEdits } from './header-edits.ts';
import type { RequestMessage } from './message.ts';

/** A request as it goes to the next hop. */
export interface OutgoingRequest {
  readonly request: RequestMessage;
  /** Normal form, without query. */
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  /** Undefined: the fields go as they came. */
  readonly requestEdits: HeaderEdits | undefined;
}
