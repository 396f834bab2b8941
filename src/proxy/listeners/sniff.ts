import type { Socket } from 'node:net';

/** What a connection seems to speak; `timeout`: it said too little in the time, `closed`: it ended before it was clear. */
export type Sniffed = 'tls' | 'http2' | 'http1' | 'unknown' | 'timeout' | 'closed';

/** RFC 9113 3.4. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** What the first bytes of a connection tell; undefined when more are needed. */
export function classify(bytes: Buffer): Exclude<Sniffed, 'timeout' | 'closed'> | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  // A handshake record, RFC 8446 5.1.
  if (first === 22) return bytes.length < 2 ? undefined : bytes[1] === 3 ? 'tls' : 'unknown';
  if (bytes.length >= preface.length && bytes.compare(preface, 0, preface.length, 0, preface.length) === 0) {
    return 'http2';
  }
  if (preface.compare(bytes, 0, bytes.length, 0, Math.min(bytes.length, preface.length)) === 0) return undefined;
  // A method, or the empty line that may stand before it.
  return first === 13 || isTokenByte(first) ? 'http1' : 'unknown';
}

/** RFC 9110 5.6.2, letters and digits, and what else may stand in a method. */
function isTokenByte(byte: number): boolean {
  return /^[A-Za-z0-9!#$%&'*+.^_`|~-]$/.test(String.fromCharCode(byte));
}

/** `peek` with what `classify` finds. */
export function sniff(socket: Socket, millis: number, then: (found: Sniffed) => void): () => void {
  return peek(socket, millis, classify, then);
}

/**
 * Looks at the first bytes of a connection until `judge` finds something, and puts them back: who reads the socket next
 * misses nothing. `then` is called once, never after the returned function was, which gives up. Nothing else may read
 * the socket meanwhile; `judge` sees all bytes so far and must come to an end by itself.
 */
export function peek<Found>(
  socket: Socket,
  millis: number,
  judge: (bytes: Buffer) => Found | undefined,
  then: (found: Found | 'timeout' | 'closed') => void,
): () => void {
  let seen: Buffer = Buffer.alloc(0);
  const finish = (found: Found | 'timeout' | 'closed' | undefined) => {
    clearTimeout(timer);
    socket.off('readable', read);
    socket.off('end', ended);
    socket.off('close', ended);
    if (found === undefined) return;
    if (found !== 'closed' && seen.length > 0) socket.unshift(seen);
    then(found);
  };
  const ended = () => finish('closed');
  const read = () => {
    for (let piece = take(socket); piece !== null; piece = take(socket)) {
      seen = seen.length === 0 ? piece : Buffer.concat([seen, piece]);
      const found = judge(seen);
      if (found !== undefined) {
        finish(found);
        return;
      }
    }
  };
  const timer = setTimeout(() => finish('timeout'), millis);
  socket.on('readable', read);
  socket.on('end', ended);
  socket.on('close', ended);
  return () => finish(undefined);
}

function take(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}
