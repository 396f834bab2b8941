import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';

export type RequestKind = 'http1' | 'https1' | 'http2' | 'grpc' | 'tcp';

/** Called once: without a fault when the right answer is complete. */
export type Done = (fault?: string) => void;

export interface PacedClient {
  send(done: Done): void;
  close(): void;
}

interface Target {
  readonly kind: RequestKind;
  readonly port: number;
  readonly host: string;
}

/** Connections that requests are spread over where one connection carries many. */
const connections = 8;
const address = '127.0.0.1';
const grpcPath = '/bench.Echo/Call';
const grpcMessage = Buffer.from('\0\0\0\0\x07\n\x05hello', 'latin1');

/** A client for one kind of request, connected. */
export async function createClient(target: Target): Promise<PacedClient> {
  switch (target.kind) {
    case 'http1':
      return http1Client(target, new http.Agent({ keepAlive: true, maxFreeSockets: 4096 }), http.request);
    case 'https1':
      return http1Client(target, tlsAgent(), https.request);
    case 'http2':
    case 'grpc':
      return http2Client(target);
    case 'tcp':
      return tcpClient(target);
  }
}

function tlsAgent(): https.Agent {
  return new https.Agent({ keepAlive: true, maxFreeSockets: 4096, rejectUnauthorized: false });
}

function http1Client({ port, host }: Target, agent: http.Agent, request: typeof http.request): PacedClient {
  const options = { host: address, port, agent, headers: { host } };
  return {
    send: (done) => {
      const outgoing = request(options, (answer) => {
        answer.resume();
        answer.on('end', () => done(answer.statusCode === 200 ? undefined : `status ${answer.statusCode}`));
      });
      outgoing.on('error', ({ message }) => done(message));
      outgoing.end();
    },
    close: () => agent.destroy(),
  };
}

async function http2Client({ kind, port, host }: Target): Promise<PacedClient> {
  const sessions = Array.from({ length: connections }, () => http2.connect(`http://${address}:${port}`));
  await Promise.all(
    sessions.map((session) => new Promise((resolve, reject) => session.once('connect', resolve).once('error', reject))),
  );
  let next = 0;
  return {
    send: (done) => {
      const session = sessions[next++ % connections]!;
      if (kind === 'grpc') grpcCall(session, host, done);
      else http2Get(session, host, done);
    },
    close: () => {
      for (const session of sessions) session.destroy();
    },
  };
}

function http2Get(session: http2.ClientHttp2Session, host: string, done: Done): void {
  const stream = session.request({ ':path': '/', ':authority': host });
  let status: number | undefined;
  stream.on('response', (headers) => {
    status = headers[':status'];
  });
  stream.on('error', ({ message }) => done(message));
  stream.on('end', () => done(status === 200 ? undefined : `status ${status}`));
  stream.resume();
}

function grpcCall(session: http2.ClientHttp2Session, host: string, done: Done): void {
  const fields = { 'content-type': 'application/grpc', te: 'trailers' };
  const stream = session.request({ ':method': 'POST', ':path': grpcPath, ':authority': host, ...fields });
  let status: unknown;
  stream.on('trailers', (trailers) => {
    status = trailers['grpc-status'];
  });
  stream.on('error', ({ message }) => done(message));
  stream.on('end', () => done(status === '0' ? undefined : `grpc-status ${status}`));
  stream.resume();
  stream.end(grpcMessage);
}

/** Sends a small message on a connection and waits for it to come back; a connection has one message under way. */
async function tcpClient({ port }: Target): Promise<PacedClient> {
  const message = Buffer.alloc(64, 'm');
  const idle: net.Socket[] = [];
  const waiting = new Map<net.Socket, Done>();
  const open = (ready: (socket: net.Socket) => void): void => {
    let received = 0;
    const socket = net.connect({ host: address, port, noDelay: true }, () => ready(socket));
    socket.on('data', (bytes) => {
      received += bytes.length;
      if (received < message.length) return;
      received = 0;
      idle.push(socket);
      waiting.get(socket)?.();
    });
    socket.on('error', ({ message: reason }) => waiting.get(socket)?.(reason));
    socket.on('close', () => waiting.get(socket)?.('the connection ended'));
  };
  const use = (socket: net.Socket, done: Done): void => {
    waiting.set(socket, done);
    socket.write(message);
  };
  await Promise.all(
    Array.from(
      { length: connections },
      () => new Promise<void>((resolve) => open((socket) => resolve(void idle.push(socket)))),
    ),
  );
  return {
    send: (done) => {
      const socket = idle.shift();
      if (socket !== undefined) use(socket, done);
      else open((fresh) => use(fresh, done));
    },
    close: () => {
      for (const socket of waiting.keys()) socket.destroy();
    },
  };
}
