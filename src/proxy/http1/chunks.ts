import type { Socket } from 'node:net';
import { latin1 } from '../codec/latin1.ts';
import type { Fields } from '../http/message.ts';
import { limits } from '../limits.ts';

const lastChunk = '0\r\n\r\n';

/**
 * Writes text, then content without framing; in one piece while that is small. The content may change afterwards. False
 * when the other side does not keep up.
 */
export function writePlain(socket: Socket, text: string, bytes: Buffer, start: number, end: number): boolean {
  if (end === start) return text === '' || socket.write(text, 'latin1');
  if (end - start <= limits.joinedWriteBytes) return socket.write(text + latin1(bytes, start, end), 'latin1');
  if (text === '') return socket.write(copyOf(bytes, start, end));
  socket.cork();
  socket.write(text, 'latin1');
  const more = socket.write(copyOf(bytes, start, end));
  socket.uncork();
  return more;
}

/** The same with the content as one chunk; `last` ends the body. */
export function writeChunk(
  socket: Socket,
  text: string,
  bytes: Buffer,
  start: number,
  end: number,
  last: boolean,
): boolean {
  const tail = last ? lastChunk : '';
  if (end === start) return text + tail === '' || socket.write(text + tail, 'latin1');
  const before = `${text}${(end - start).toString(16)}\r\n`;
  if (end - start <= limits.joinedWriteBytes) {
    return socket.write(`${before}${latin1(bytes, start, end)}\r\n${tail}`, 'latin1');
  }
  socket.cork();
  socket.write(before, 'latin1');
  socket.write(copyOf(bytes, start, end));
  const more = socket.write(`\r\n${tail}`, 'latin1');
  socket.uncork();
  return more;
}

/** The end of a chunked body, with the trailers that may stand there. */
export function endOfChunks(trailers: Fields | undefined): string {
  if (trailers === undefined) return lastChunk;
  let text = '0\r\n';
  trailers.each((name, value) => {
    text += `${name}: ${value}\r\n`;
  });
  return `${text}\r\n`;
}

/** The socket keeps what the system does not take at once. */
function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(end - start);
  bytes.copy(copy, 0, start, end);
  return copy;
}
