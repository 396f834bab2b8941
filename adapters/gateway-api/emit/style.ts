import type { RetryCondition } from '../../../src/model/policy.ts';

/** Which fields of the API are written, and what is known of who reads them. */
export interface RouteStyle {
  /** `experimental`: sessions, too. */
  readonly channel: 'standard' | 'experimental';
  /** What ports get that are called like gRPC. */
  readonly grpc: 'HTTPRoute' | 'GRPCRoute';
  /** RegularExpression: left to whoever reads it, never written, or known to be RE2 and to rank behind prefixes. */
  readonly regex: 'implementation' | 'refuse' | 're2';
  /** What is tried again once a rule says `retry`, whatever statuses it names. */
  readonly retriedAnyhow: readonly RetryCondition[];
  /** Whether the limit of a try is one where a rule does not say `retry`. */
  readonly tryWithoutRetry: boolean;
  /** How the value of a header edit is spelled. */
  readonly headerText: (value: string) => string;
  /** Whether routes of a client's namespace for its own connections (consumer routes) are for its clients alone. */
  readonly consumerFlows: boolean;
}
