/** What an Envoy says of one finished request, or of one connection, in the words of its access log (`envoy.data.accesslog.v3`). */
export interface LogEntry {
  readonly kind: 'http' | 'tcp';
  /** In milliseconds since 1970, fractions included. */
  startedAt: number;
  millis: number;
  /** From the beginning, in milliseconds; -1: it never came so far. */
  sentMillis: number;
  answeredMillis: number;
  /** `ADDRESS:PORT`, IPv6 in brackets; empty where it is not known. */
  client: string;
  server: string;
  /** Whether there was a connection to the server. */
  connected: boolean;
  /** The SPIFFE id that the client proved. */
  peer: string;
  cluster: string;
  route: string;
  /** By the numbers of the fields of `ResponseFlags`. */
  flags: ReadonlySet<number>;
  /** By access control, `KEY` to text. */
  access: Readonly<Record<string, string>> | undefined;
  tags: Readonly<Record<string, string>>;
  attempts: number;
  /** Why a connection ended, or was not made. */
  termination: string;
  handshake: string;
  /** Not over yet. */
  open: boolean;
  /** Of connections. */
  receivedBytes: number;
  sentBytes: number;
  /** Of requests: 0 without an answer. */
  code: number;
  details: string;
  requestBytes: number;
  responseBytes: number;
  /** `HTTP/1.0` is 1, 1.1 is 2, 2 is 3. */
  version: number;
  requestHeaders: Readonly<Record<string, string>>;
  responseHeaders: Readonly<Record<string, string>>;
  trailers: Readonly<Record<string, string>>;
  /** Only where the reader asks for them. */
  method: string;
  authority: string;
  path: string;
}

/** Fields of `ResponseFlags`. */
export const flags = {
  noHealthyUpstream: 2,
  upstreamRequestTimeout: 3,
  localReset: 4,
  upstreamRemoteReset: 5,
  upstreamConnectionFailure: 6,
  upstreamConnectionTermination: 7,
  upstreamOverflow: 8,
  noRouteFound: 9,
  delayInjected: 10,
  faultInjected: 11,
  rateLimited: 12,
  downstreamConnectionTermination: 15,
  streamIdleTimeout: 17,
  upstreamMaxStreamDuration: 20,
  durationTimeout: 23,
  upstreamProtocolError: 24,
  noClusterFound: 25,
  overloadManager: 26,
  dnsFailure: 27,
  downstreamRemoteReset: 28,
} as const;

const noFlags: ReadonlySet<number> = new Set();
const nothing: Readonly<Record<string, string>> = {};

export function emptyEntry(kind: LogEntry['kind']): LogEntry {
  return {
    kind,
    startedAt: 0,
    millis: 0,
    sentMillis: -1,
    answeredMillis: -1,
    client: '',
    server: '',
    connected: false,
    peer: '',
    cluster: '',
    route: '',
    flags: noFlags,
    access: undefined,
    tags: nothing,
    attempts: 0,
    termination: '',
    handshake: '',
    open: false,
    receivedBytes: 0,
    sentBytes: 0,
    code: 0,
    details: '',
    requestBytes: 0,
    responseBytes: 0,
    version: 0,
    requestHeaders: nothing,
    responseHeaders: nothing,
    trailers: nothing,
    method: '',
    authority: '',
    path: '',
  };
}
