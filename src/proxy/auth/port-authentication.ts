import type { Authenticator } from './authenticator.ts';

/** What is asked of the end users of requests to one port. */
export interface PortAuthentication<Request> {
  readonly layers: readonly AuthenticationLayer<Request>[];
  /** The headers that claims become: only a verified token sets them, whichever requests a policy is about. */
  readonly owned: readonly string[];
}

export interface AuthenticationLayer<Request> {
  readonly policy: string;
  /** Undefined: every request. */
  readonly covers: ((request: Request) => boolean) | undefined;
  readonly authenticator: Authenticator;
}
