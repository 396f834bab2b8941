/** Frame types (RFC 9113 6). */
export const DATA = 0;
export const HEADERS = 1;
export const PRIORITY = 2;
export const RST_STREAM = 3;
export const SETTINGS = 4;
export const PUSH_PROMISE = 5;
export const PING = 6;
export const GOAWAY = 7;
export const WINDOW_UPDATE = 8;
export const CONTINUATION = 9;

/** Flags; of SETTINGS and PING the first one is ACK. */
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;
export const PADDED = 8;
export const HAS_PRIORITY = 32;

export const frameHeaderBytes = 9;
/** The largest payload without a setting that says otherwise, and what this implementation accepts (RFC 9113 4.2). */
export const defaultFrameBytes = 16_384;
export const maxWindow = 0x7fff_ffff;
export const maxStreamId = 0x7fff_ffff;

/** What a client's side of a connection begins with (RFC 9113 3.4). */
export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
