/** Every bound of the data plane, in one place. Sizes in bytes, times in milliseconds. */
export const limits = {
  /** Request or response head, start line included. */
  headBytes: 32_768,
  headers: 128,
  uriBytes: 8_192,
  methodBytes: 32,
  chunkExtensionBytes: 256,
  trailerBytes: 8_192,
  /** Bytes of following requests kept while one is being answered; beyond it the socket is not read. */
  pipelinedBytes: 65_536,
  /** A request's body up to this size is kept while it may have to be sent again. */
  replayBytes: 65_536,
  /** The same, of all requests of the proxy together: beyond it nothing more is kept once it is sent. */
  replayBytesInAll: 67_108_864,
  /** A response body up to this size leaves in one write with its head. */
  joinedWriteBytes: 16_384,
  connectionsPerListener: 10_000,
  /** Of all listeners together, where connections are redirected to one port. */
  redirectedConnections: 20_000,
  connectionsPerEndpoint: 1_024,
  idlePerEndpoint: 256,
  pendingPerEndpoint: 1_024,
  /** From the first byte of a head to its end; also the handshake of TLS. */
  headerMillis: 10_000,
  /** Certificates of clients that were found to be of their domain's authority. */
  leavesRemembered: 10_000,
  /** Waiting for the bytes that tell what a connection speaks, or which server it wants. */
  sniffMillis: 3_000,
  /** A TLS ClientHello that is read for its server name. */
  clientHelloBytes: 16_384,
  /** Of an HTTP connection whose peer proved an identity; the answer after that is its last. */
  connectionAgeMillis: 3_600_000,
  /** Until the first request of a client. */
  idleMillis: 60_000,
  /** Between requests of HTTP/1.1, towards clients: long, because a request may be on its way to a connection that is closed. */
  keepAliveMillis: 3_600_000,
  /** Between requests, towards servers: below the 5 s after which common servers close. */
  upstreamIdleMillis: 4_000,
  /** The same over HTTP/2, whose servers say when they are about to close. */
  upstreamHttp2IdleMillis: 45_000,
  connectMillis: 5_000,
  /** Endpoints that a TCP connection tries before it is given up. */
  tcpConnectAttempts: 3,
  /** Waiting for a connection to become free. */
  pendingMillis: 5_000,
  /** A server that breaks a request off so shortly before its deadline did so because of it. */
  deadlineSlackMillis: 10,
  /** Without a byte in either direction while a request is open. */
  stalledMillis: 300_000,
  /** The same for a spliced TCP connection, which may rightly be silent for long. */
  splicedIdleMillis: 3_600_000,
  /** The buffer of one way of a spliced connection that streams, and how many are kept for the next. */
  spliceBufferBytes: 131_072,
  spareSpliceBuffers: 64,
  /** A read of at most this much of it ends that it is a stream. */
  spliceCopyBytes: 8_192,
  /** After the last answer: how long unread input is discarded so that the answer is not lost to a reset. */
  lingerMillis: 1_000,
  drainMillis: 10_000,
  /** Flows of UDP by client address and port: more are dropped until some have been idle for the time. */
  udpFlowsPerListener: 4_096,
  udpIdleMillis: 60_000,
  /** Datagrams of a flow that are kept until the server's proxy has agreed to it. */
  udpEarlyDatagrams: 32,
  /** An endpoint's latency without new answers falls to a third in this time. */
  latencyDecayMillis: 10_000,
  /** An endpoint that has not answered yet counts as no slower than this. */
  neutralLatencyMillis: 100,
  /** What a request without an answer adds to the latency of its endpoint ... */
  failurePenaltyMillis: 1_000,
  /** ... which falls to a third in this time. */
  penaltyDecayMillis: 2_000,
  /** A probe of an ejected endpoint. */
  probeMillis: 2_000,
  /** Event loops that come later than this to their timers, several times in a row, refuse some of the new requests ... */
  loopDelayMillis: 250,
  /** ... when they had something to do for so much of the time. */
  loopBusyShare: 0.99,
  /** How long an endpoint that discovery no longer lists is remembered, and in need still used. */
  vanishedMillis: 30_000,
  /** The text of an end user's token. */
  tokenBytes: 16_384,
  /** How far the clock of a token's issuer may be from ours. */
  tokenSkewSeconds: 30,
  /** Good tokens that are known by their hash, for each policy that asks for them. */
  tokensRemembered: 4_096,
  /** Tokens being verified at a time, for each policy; more are answered 503. */
  tokensUnderWay: 1_024,
  /** How long keys are used before they are loaded anew, where policy says nothing. */
  jwksCacheMillis: 300_000,
  jwksBytes: 262_144,
  jwksKeys: 100,
  jwksFetchMillis: 5_000,
  /** Keys are asked for early (a token names one that is not there) at most once in this time. */
  jwksRefreshMillis: 10_000,
  /** After a failure; doubled with each further one up to the maximum. */
  jwksRetryMillis: 1_000,
  jwksMaxRetryMillis: 60_000,
  /** How long keys are used when they cannot be loaded anew. */
  jwksStaleMillis: 3_600_000,
  /** Points of a ring for consistent hashing, all endpoints together. */
  ringPoints: 65_536,
  /** A server that wants to be left alone for longer gets no further try: its answer is passed on. */
  pushbackMillis: 5_000,
  /** Copies of requests under way; more are not made. */
  mirrorsUnderWay: 256,
  mirrorMillis: 30_000,
  /** Combinations of a service's policies that are remembered; requests of further ones merge theirs each time. */
  policyCombinations: 1_024,
  /** Clients or header values that one rate limit tells apart. */
  rateLimitKeys: 10_000,
  /** A longer value of a header is known by its hash. */
  rateLimitKeyBytes: 128,
  /** One question to one DNS server; it is asked twice. */
  dnsMillis: 2_000,
  /** Answers of DNS hold at least and at most as long, whatever they say. */
  dnsMinMillis: 1_000,
  dnsMaxMillis: 300_000,
  /** How long a host without address is not asked for again. */
  dnsFailureMillis: 1_000,
  /** How long addresses are used on when DNS does not answer. */
  dnsStaleMillis: 600_000,
  dnsNames: 1_024,
  dnsAddresses: 64,
  /** Hosts outside the mesh to which connections are kept; further ones take the place of those that rest. */
  outsideHosts: 256,
  /** Lines about refused requests, per second; the rest are counted. */
  denialLinesPerSecond: 10,
  /** Spans that wait for the collector; more are dropped and counted. */
  spansWaiting: 4_096,
  /** They leave in batches of at most so many, not later than after this time. */
  spanBatch: 512,
  spanBatchMillis: 1_000,
  spanExportMillis: 5_000,
  /** Interim answers before the final one. */
  interimResponses: 16,
  /** Requests at a time on one HTTP/2 connection of a client. */
  http2Streams: 256,
  /** What a peer may send ahead on a stream of HTTP/2, and on all streams of a connection together. */
  http2StreamWindowBytes: 262_144,
  http2ConnectionWindowBytes: 8_388_608,
  /** Each of the two tables of header lines of an HTTP/2 connection. */
  http2HeaderTableBytes: 4_096,
  /** A header block as it travels, and the frames that it comes in. */
  http2BlockBytes: 65_536,
  http2BlockFrames: 32,
  /** Frames without content that an HTTP/2 peer may send ahead of any use, and more of them per second. */
  http2IdleFrames: 2_000,
  http2IdleFramesPerSecond: 200,
  /** Streams that end before their time, ahead of as many that end well, and more of them per second. */
  http2Resets: 500,
  http2ResetsPerSecond: 50,
  /** Answers to PING and SETTINGS that a peer may leave unread. */
  http2UnreadReplies: 1_000,
  /** Streams reset by this side whose late frames are still expected. */
  http2ResetStreamsRemembered: 256,
  /** Until SETTINGS are acknowledged, and for the answer to a PING. */
  http2AnswerMillis: 10_000,
  /** After this time without a frame from an HTTP/2 server that has requests to answer, it is asked by PING. */
  http2SilenceMillis: 10_000,
  /** The same while PING is all that it answers: servers of gRPC end connections that ask more often than every 5 minutes. */
  http2QuietMillis: 330_000,
} as const;
