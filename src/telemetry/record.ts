import type { Verdict } from './labels.ts';

/** One side of a request as the reporting proxy knows it; what it does not know is empty. */
export interface Party {
  /** `NAMESPACE/POD`. */
  readonly workload: string;
  readonly namespace: string;
  /** Of the destination: the service port that was called, `NAMESPACE/SERVICE:PORT`. */
  readonly service: string;
  /** A proven SPIFFE id. */
  readonly identity: string;
  /** `ADDRESS:PORT`, IPv6 in brackets; of the destination where the chosen endpoint is. */
  readonly address: string;
}

/** The object and the field that a decision comes from. */
export interface RuleOrigin {
  /** `GROUP/KIND/NAMESPACE/NAME`, as diagnostics have it. */
  readonly object: string;
  readonly path: string;
}

/** Name in lower case, and value, in the order of the message. */
export type RecordHeaders = readonly (readonly [name: string, value: string])[];

/**
 * What is known of one finished request, or connection of TCP, whichever data plane carried it. One request between two
 * proxies makes two records: that of the client's (`outbound`) and that of the server's (`inbound`). Texts that are not known or do not
 * apply are empty.
 */
export interface RequestRecord {
  /** When the head of the request was there, in milliseconds since 1970, fractions included. */
  readonly time: number;
  /** The workload whose proxy reports. */
  readonly reporter: string;
  readonly dataPlane: 'proxy' | 'envoy';
  readonly direction: 'outbound' | 'inbound';
  /** What the client speaks; `grpc` is HTTP/2 with gRPC in it. */
  readonly protocol: 'http1' | 'http2' | 'grpc' | 'tcp' | 'udp';
  readonly source: Party;
  readonly destination: Party;
  readonly method: string;
  readonly authority: string;
  /** In its normal form and without query, which may hold secrets. */
  readonly path: string;
  /** The HTTP status that the client got; 0 when it got none, and of connections. */
  readonly code: number;
  /** Absent where there is none. */
  readonly grpcStatus?: number;
  readonly verdict: Verdict;
  /** The rule that let it in, `NAMESPACE/NAME`; of what is denied the one that came nearest. */
  readonly rule: string;
  /** Where that rule says so. */
  readonly origin?: RuleOrigin;
  /** `NAMESPACE/NAME` of the split that chose the backend. */
  readonly split: string;
  /** `NAMESPACE/SERVICE`. */
  readonly backend: string;
  /** From the head of the request to the end of the answer, in milliseconds. */
  readonly millis: number;
  /** From the head of the request until all of it was sent to the server that answered; absent when it never was. */
  readonly sentMillis?: number;
  /** From the head of the request to the head of the answer; absent when there was none. */
  readonly answeredMillis?: number;
  /** Of the bodies, as they travelled; of connections all bytes. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Further tries after the first. */
  readonly retries: number;
  /** Whether a policy delayed or aborted it on purpose. */
  readonly fault?: 'delay' | 'abort';
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** In a word or two why it failed, where the proxy says so. */
  readonly reason: string;
  /** Only while somebody taps; without what is redacted. */
  readonly requestHeaders?: RecordHeaders;
  readonly responseHeaders?: RecordHeaders;
}
