import { once } from 'node:events';
import net from 'node:net';
import { NO_UPGRADE } from '../../../../../src/proxy/codec/upgrade.ts';
import { FieldList } from '../../../../../src/proxy/http/field-list.ts';
import type { Fields, RequestMessage } from '../../../../../src/proxy/http/message.ts';
import { ClientSession } from '../../../../../src/proxy/http2/client-session.ts';
import type { ClientStream, ResponseSink } from '../../../../../src/proxy/http2/client-stream.ts';
import type { SessionContext } from '../../../../../src/proxy/http2/connection.ts';
import type { HeaderList } from '../../../../../src/proxy/http2/header-list.ts';
import { ServerSession } from '../../../../../src/proxy/http2/server-session.ts';
import type { ServerStream } from '../../../../../src/proxy/http2/server-stream.ts';
import type { ResetCause, StreamSink } from '../../../../../src/proxy/http2/stream-sink.ts';
import { readInto } from '../../../../../src/proxy/socket/read-into.ts';
import { Ticker } from '../../../../../src/proxy/ticker.ts';
import { ownAddress } from '../../support/mesh.ts';

const fieldsOf = (record: Readonly<Record<string, string>>): Fields => new FieldList(Object.entries(record).flat());

type Clock = SessionContext['ticker'] & { stop(): void };

export type Handler = (stream: ServerStream, head: HeaderList) => StreamSink;

export interface RunningServer {
  readonly address: string;
  readonly port: number;
  readonly url: string;
  readonly sessions: ServerSession[];
  /** Sessions that have ended. */
  readonly ended: ServerSession[];
  close(): void;
}

/** A server of our sessions, with a ticker that only the caller moves when `ticker` is given. */
export async function serve(
  request: Handler,
  ticker: Clock = new Ticker(),
  extendedConnect = false,
): Promise<RunningServer> {
  const sessions: ServerSession[] = [];
  const ended: ServerSession[] = [];
  const address = ownAddress();
  const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const session: ServerSession = new ServerSession({
      socket,
      ticker,
      extendedConnect,
      request,
      closed: () => ended.push(session),
    });
    sessions.push(session);
    readInto(socket, (bytes) => session.receive(bytes));
  });
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const close = () => {
    server.close();
    for (const session of sessions) session.destroy();
    ticker.stop();
  };
  return { address, port, url: `http://${address}:${port}`, sessions, ended, close };
}

/** A client session to an address. */
export async function connect(
  address: string,
  port: number,
  ticker: Clock = new Ticker(),
): Promise<{ session: ClientSession; socket: net.Socket; ended: Promise<void> }> {
  const socket = net.connect({ host: address, port, noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const session = new ClientSession({
    socket,
    ticker,
    closed: () => {
      ticker.stop();
      end();
    },
  });
  return { session, socket, ended };
}

/** Gives everything back that a request has: its body and trailers, under the status 200. */
export const echo: Handler = (stream, head) => {
  stream.head({ status: 200, fields: head, contentLength: head.contentLength }, undefined);
  if (head.endStream) stream.end(undefined);
  return {
    data: (bytes, start, end) => stream.data(bytes, start, end),
    end: (trailers) => stream.end(trailers),
    reset: () => {},
    drained: () => stream.resume(),
  };
};

export interface Answer {
  readonly interims: number[];
  status: number;
  fields: Record<string, string>;
  body: Buffer;
  trailers: Record<string, string> | undefined;
  reset: { cause: ResetCause; code: number } | undefined;
}

/** Collects an answer; the promise is kept when it is complete or the stream was reset. */
export function collector(): { sink: ResponseSink; answer: Promise<Answer>; drained: { next: () => void } } {
  const pieces: Buffer[] = [];
  const answer: Answer = {
    interims: [],
    status: 0,
    fields: {},
    body: Buffer.alloc(0),
    trailers: undefined,
    reset: undefined,
  };
  const drained = { next: () => {} };
  let finish: (answer: Answer) => void = () => {};
  const promise = new Promise<Answer>((resolve) => {
    finish = resolve;
  });
  const done = () => {
    answer.body = Buffer.concat(pieces);
    finish(answer);
  };
  const sink: ResponseSink = {
    interim: ({ status }) => answer.interims.push(status),
    head: (head) => {
      answer.status = head.status;
      answer.fields = recordOf(head);
      if (head.endStream) done();
    },
    data: (bytes, start, end) => {
      pieces.push(Buffer.from(bytes.subarray(start, end)));
      return true;
    },
    end: (trailers) => {
      if (trailers !== undefined) answer.trailers = recordOf(trailers);
      done();
    },
    reset: (cause, code) => {
      answer.reset = { cause, code };
      done();
    },
    drained: () => drained.next(),
  };
  return { sink, answer: promise, drained };
}

function recordOf(fields: Fields): Record<string, string> {
  const record: Record<string, string> = {};
  fields.each((name, value) => {
    record[name] = value;
  });
  return record;
}

export interface RequestOptions {
  readonly method?: string;
  readonly target?: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly trailers?: Readonly<Record<string, string>>;
}

/** Sends a whole request, its body in pieces as fast as the stream takes them. */
export function request(
  session: ClientSession,
  { method = 'GET', target = '/', fields = {}, body, trailers }: RequestOptions = {},
): { stream: ClientStream; answer: Promise<Answer> } {
  const { sink, answer, drained } = collector();
  const message: RequestMessage = {
    method,
    target,
    queryStart: target.length,
    plainPath: true,
    host: 'a.test',
    fields: fieldsOf(fields),
    contentLength: body?.length ?? -1,
    upgrade: NO_UPGRADE,
  };
  const stream = session.open(sink, { request: message, path: target, query: '', requestEdits: undefined });
  const content = body ?? Buffer.alloc(0);
  const piece = 50_000;
  let at = 0;
  const go = () => {
    while (at < content.length) {
      const end = Math.min(at + piece, content.length);
      const from = at;
      at = end;
      if (!stream.data(content, from, end) && at < content.length) return;
    }
    stream.end(trailers === undefined ? undefined : fieldsOf(trailers));
  };
  drained.next = go;
  go();
  return { stream, answer };
}
