import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type Read, readMessage, type WireMessage } from './wire.ts';

/** The request that follows every case, and its answer. */
export const closing = 'GET /end HTTP/1.1\r\nHost: legacy\r\nConnection: close\r\n\r\n';
export const closingStatus = '299';

/** What the server answers, and whether it closes afterwards. */
export interface Script {
  readonly answer: string;
  readonly closes?: boolean;
}

/** A server that remembers every complete request, and answers each one. */
export interface Recorder {
  /** Complete requests but the closing one; `malformed` stands for bytes that are no request. */
  readonly seen: (WireMessage | 'malformed')[];
  /** What came last of a request that is not complete. */
  pending: string;
  script: Script;
  close(): Promise<void>;
}

export const plainScript: Script = { answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' };

export async function startRecorder(address: string, port: number): Promise<Recorder> {
  const sockets = new Set<Socket>();
  const recorder = { seen: [] as Recorder['seen'], pending: '', script: plainScript };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let read: Read = take(); typeof read === 'object'; read = take()) answer(socket, recorder, read);
    });
    const take = (): Read => {
      const read = readMessage(text, 0, 'no-body');
      if (typeof read === 'object') text = text.slice(read.end);
      recorder.pending = text;
      if (read === 'malformed') {
        recorder.seen.push(read);
        socket.destroy();
      }
      return read;
    };
  });
  server.listen(port, address);
  await once(server, 'listening');
  return Object.assign(recorder, {
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  });
}

function answer(socket: Socket, recorder: Pick<Recorder, 'seen' | 'script'>, request: WireMessage): void {
  if (/^GET \/end /.test(request.startLine)) {
    socket.write(`HTTP/1.1 ${closingStatus} End\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  recorder.seen.push(request);
  const { script } = recorder;
  const head = script === plainScript && request.startLine.startsWith('HEAD ');
  socket.write(head ? script.answer.slice(0, -2) : script.answer, 'latin1');
  if (script.closes === true) socket.end();
}
