import net from 'node:net';

/**
 * Gets what a socket receives. The bytes are valid during the call: whoever keeps them copies them. It must not wait, nor
 * read another socket.
 */
export type BytesHandler = (bytes: Buffer) => void;

/** One for the process: while a handler runs no other socket is read. */
export const shared = Buffer.allocUnsafeSlow(65_536);

/** Asked after each call of the handler: the buffer that the socket is read into from then on; undefined to stay with the last. */
export type NextBuffer = () => Buffer | undefined;

/** What `net.Socket` keeps when its `onread` option is used. */
interface ReadingSocket {
  [name: symbol]: unknown;
  readonly _handle?: { useUserBuffer?(buffer: Buffer): void; readonly reading?: boolean } | null;
}

const symbols = Object.getOwnPropertySymbols(new net.Socket({ onread: { buffer: shared, callback: () => true } }));
const symbolOf = (name: string) => symbols.find(({ description }) => description === name);
const kBuffer = symbolOf('kBuffer');
const kBufferCallback = symbolOf('kBufferCb');
const kBufferGenerator = symbolOf('kBufferGen');

/**
 * Reads a connected socket into one shared buffer, as the `onread` option of `net.connect` does, which sockets of a server
 * cannot be given: no allocation for each read. On a Node that keeps other names for it the handler gets `data` events.
 * `end`, `close`, `pause` and `resume` are as usual. A later call takes the place of an earlier one.
 */
export function readInto(socket: net.Socket, handler: BytesHandler, next: NextBuffer | null = null): void {
  const inner = socket as unknown as ReadingSocket;
  const handle = inner._handle;
  if (
    kBuffer === undefined ||
    kBufferCallback === undefined ||
    kBufferGenerator === undefined ||
    typeof handle?.useUserBuffer !== 'function'
  ) {
    socket.removeAllListeners('data');
    socket.on('data', handler);
    return;
  }
  let view: Buffer = shared;
  inner[kBuffer] = shared;
  inner[kBufferGenerator] = next;
  inner[kBufferCallback] = (count: number, buffer: Buffer) => {
    if (view.length !== count || view.buffer !== buffer.buffer) view = buffer.subarray(0, count);
    handler(view);
    return true;
  };
  handle.useUserBuffer(shared);
  if (socket.readableLength > 0) process.nextTick(handEarly, socket, handler);
  if (handle.reading !== true) socket.read(0);
}

/** What came before anybody read; an end that came with it follows. */
function handEarly(socket: net.Socket, handler: BytesHandler): void {
  const early = socket.read() as Buffer | null;
  if (early !== null) handler(early);
}
