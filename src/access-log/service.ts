import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { Server, ServerCredentials, type ServerReadableStream, type sendUnaryData, status } from '@grpc/grpc-js';
import { readContext } from '../lib/traffic-context.ts';
import { type Sinks, StreamCounter } from './counter.ts';
import { decodeMessage } from './decode.ts';

/** Envoy sends what it has gathered as soon as that is 256 KiB. */
const maxMessageBytes = 4 * 1024 * 1024;
/** One for each listener and worker thread. */
const maxStreams = 4_096;

const definition = {
  StreamAccessLogs: {
    path: '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs',
    requestStream: true,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: () => Buffer.alloc(0),
    responseDeserialize: () => undefined,
  },
} as const;

export interface AccessLogService {
  close(): void;
}

/**
 * Takes the access log of an Envoy on a Unix socket of at most 107 bytes; whoever can open its folder can send. What a dead process left
 * there is replaced. Rejects when it cannot be bound.
 */
export async function serveAccessLog(
  socket: string,
  sinks: Sinks,
  log: (line: string) => void,
): Promise<AccessLogService> {
  if (lstatSync(socket, { throwIfNoEntry: false })?.isSocket() === true) rmSync(socket, { force: true });
  const server = new Server({ 'grpc.max_receive_message_length': maxMessageBytes });
  let streams = 0;
  server.addService(definition, {
    StreamAccessLogs: (call: ServerReadableStream<Buffer, undefined>, done: sendUnaryData<undefined>) => {
      if (streams >= maxStreams) {
        done({ code: status.RESOURCE_EXHAUSTED, details: 'too many streams' });
        return;
      }
      streams++;
      call.once('close', () => streams--);
      readStream(call, done, sinks, log);
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    );
  });
  chmodSync(socket, 0o600);
  return { close: () => server.forceShutdown() };
}

/** The first message says what the stream is about. A stream that says something else is ended, and what it said before stays counted. */
function readStream(
  call: ServerReadableStream<Buffer, undefined>,
  done: sendUnaryData<undefined>,
  sinks: Sinks,
  log: (line: string) => void,
): void {
  let counter: StreamCounter | undefined;
  let over = false;
  const refuse = (details: string) => {
    over = true;
    log(`a stream of the access log is refused: ${details}`);
    done({ code: status.INVALID_ARGUMENT, details });
  };
  call.on('data', (bytes: Buffer) => {
    if (over) return;
    const message = decodeMessage(bytes, !sinks.taps.idle);
    if (!message.ok) return refuse(message.error);
    const { name, entries } = message.value;
    if (name !== undefined) {
      const context = readContext(name);
      if (context === undefined) return refuse('it does not say whose log it is');
      counter = new StreamCounter(context, sinks);
    }
    if (counter === undefined) return refuse('it does not say whose log it is');
    for (const entry of entries) counter.take(entry);
  });
  call.on('end', () => {
    if (!over) done(null, undefined);
  });
  call.on('error', () => {
    over = true;
  });
}
