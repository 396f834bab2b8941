import { limits } from '../limits.ts';

/** What the first bytes of a TLS connection say so far. */
export type ClientHello =
  /** Not to be judged before there are `needed` bytes in all. */
  | { readonly kind: 'more'; readonly needed: number }
  /** In lower case; empty without a usable one. */
  | { readonly kind: 'hello'; readonly serverName: string }
  | { readonly kind: 'bad' };

const bad: ClientHello = { kind: 'bad' };
const recordHeader = 5;
/** RFC 8446 5.1: the most that a record of plain text carries. */
const recordBytes = 16_384;
const handshakeHeader = 4;

/**
 * Reads the server name (RFC 6066 section 3) of a ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2) that may be spread over
 * several records. Strict where two readers could find different names: lengths that do not fit, two name extensions and
 * two names are bad. Nothing is said about the rest of the message.
 */
export function readClientHello(bytes: Buffer): ClientHello {
  const pieces: Buffer[] = [];
  let found = 0;
  let wanted = handshakeHeader;
  for (let at = 0; found < wanted; ) {
    const head = bytes.subarray(at, at + recordHeader);
    if (!isHandshakeRecord(head)) return bad;
    if (head.length < recordHeader) return { kind: 'more', needed: at + recordHeader };
    const length = head.readUInt16BE(3);
    if (length === 0 || length > recordBytes) return bad;
    const end = at + recordHeader + length;
    if (bytes.length < end) return { kind: 'more', needed: end };
    pieces.push(bytes.subarray(at + recordHeader, end));
    found += length;
    at = end;
    if (found >= handshakeHeader && wanted === handshakeHeader) {
      const start = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
      if (start[0] !== 1) return bad;
      wanted = handshakeHeader + start.readUIntBE(1, 3);
      if (wanted > limits.clientHelloBytes) return bad;
    }
  }
  const message = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  const serverName = serverNameOf(new Reader(message.subarray(handshakeHeader, wanted)));
  return serverName === undefined ? bad : { kind: 'hello', serverName };
}

/** Whether bytes can be the beginning of a handshake record, as far as they go. */
function isHandshakeRecord(head: Buffer): boolean {
  return (head.length < 1 || head[0] === 22) && (head.length < 2 || head[1] === 3);
}

/** Of the body of a ClientHello; empty without one, undefined when it is malformed. */
function serverNameOf(hello: Reader): string | undefined {
  // Version and random, then session id, cipher suites and compression methods.
  hello.take(34);
  hello.take(hello.number(1));
  hello.take(hello.number(2));
  hello.take(hello.number(1));
  if (hello.atEnd) return '';
  const extensions = new Reader(hello.take(hello.number(2)));
  let name: string | undefined;
  while (!extensions.ended) {
    const type = extensions.number(2);
    const data = extensions.take(extensions.number(2));
    if (type !== 0 || extensions.failed) continue;
    if (name !== undefined) return undefined;
    name = hostName(new Reader(data));
    if (name === undefined) return undefined;
  }
  return hello.atEnd && extensions.atEnd ? (name ?? '') : undefined;
}

/** Of a list that must hold exactly one name, of the only type that there is. */
function hostName(extension: Reader): string | undefined {
  const list = new Reader(extension.take(extension.number(2)));
  const type = list.number(1);
  const name = list.take(list.number(2)).toString('latin1').toLowerCase();
  if (!extension.atEnd || !list.atEnd || type !== 0) return undefined;
  return /^[a-z0-9_.-]{1,255}$/.test(name) ? name : '';
}

/** Takes a message apart; what is not there shows in `failed`, and reads as 0 and as nothing. */
class Reader {
  failed = false;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Nothing more can be read. */
  get ended(): boolean {
    return this.failed || this.#at === this.#bytes.length;
  }

  /** Everything was read and nothing was missing. */
  get atEnd(): boolean {
    return !this.failed && this.#at === this.#bytes.length;
  }

  number(size: 1 | 2): number {
    const bytes = this.take(size);
    return bytes.length === size ? bytes.readUIntBE(0, size) : 0;
  }

  take(length: number): Buffer {
    if (this.failed || this.#at + length > this.#bytes.length) {
      this.failed = true;
      return Buffer.alloc(0);
    }
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }
}
