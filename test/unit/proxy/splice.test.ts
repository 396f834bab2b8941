import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { splice } from '../../../src/proxy/listeners/splice.ts';
import { Counter } from '../../../src/telemetry/series.ts';
import { ownAddress, until } from './support/mesh.ts';

const address = ownAddress();
const opened: { close?(): unknown; destroy?(): unknown }[] = [];
let proxyPort: number;
const counters = { toServer: new Counter(), toClient: new Counter(), seconds: new Counter() };
/** What connections to the server do. */
let serve: (socket: net.Socket) => void;
/** Delays the splice of a client's connection. */
let connected: (client: net.Socket) => unknown;

const listening = async (server: net.Server): Promise<number> => {
  opened.push(server);
  server.listen(0, address);
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
};

beforeEach(async () => {
  connected = () => {};
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    opened.push(socket.on('error', () => {}));
    serve(socket);
  });
  const port = await listening(server);
  proxyPort = await listening(
    net.createServer({ allowHalfOpen: true }, (client) => {
      const upstream = net.connect({ host: address, port, allowHalfOpen: true }, async () => {
        await connected(client);
        splice(client, upstream, counters);
      });
      opened.push(client, upstream);
    }),
  );
});

afterEach(() => {
  for (const one of opened.splice(0)) {
    one.close?.();
    one.destroy?.();
  }
});

async function dial(): Promise<net.Socket> {
  const socket = net.connect({ host: address, port: proxyPort, allowHalfOpen: true });
  opened.push(socket.on('error', () => {}));
  await once(socket, 'connect');
  return socket;
}

/** Digest and length of everything that comes. With `slow`, no more than one read in a turn of timers. */
async function digestOf(socket: net.Socket, slow = false): Promise<{ digest: string; length: number }> {
  const hash = createHash('sha256');
  let length = 0;
  socket.on('data', (bytes: Buffer) => {
    hash.update(bytes);
    length += bytes.length;
    if (!slow || length > 4_000_000) return;
    socket.pause();
    setTimeout(() => socket.resume(), 1);
  });
  await once(socket, 'end');
  return { digest: hash.digest('hex'), length };
}

const megabytes = randomBytes(12_000_000);
const expected = { digest: createHash('sha256').update(megabytes).digest('hex'), length: megabytes.length };

test.each([
  ['readers that keep up', false],
  ['slow readers', true],
])(
  'streams in both directions at a time arrive byte for byte: %s',
  async (_, slow) => {
    let received: ReturnType<typeof digestOf> | undefined;
    serve = (socket) => {
      received = digestOf(socket, slow);
      socket.end(megabytes);
    };
    // Three connections, so that streams and what is read in between share the common buffer.
    const clients = await Promise.all([dial(), dial(), dial()]);
    const answers = clients.map((client) => {
      const answer = digestOf(client, slow);
      client.end(megabytes);
      return answer;
    });
    expect(await Promise.all(answers)).toEqual([expected, expected, expected]);
    expect(await received).toEqual(expected);
  },
  60_000,
);

test('messages of all sizes come back in order, a stream between them or not', async () => {
  serve = (socket) => socket.pipe(socket);
  const client = await dial();
  const received: Buffer[] = [];
  let length = 0;
  client.on('data', (bytes: Buffer) => {
    received.push(bytes);
    length += bytes.length;
  });
  const sizes = [1, 100, 8_192, 65_536, 1_000_000, 10, 131_072, 8_193, 3, 300_000, 1];
  const sent: Buffer[] = [];
  for (const size of sizes) {
    const message = randomBytes(size);
    sent.push(message);
    client.write(message);
    const total = sent.reduce((sum, { length: one }) => sum + one, 0);
    await until(() => length === total, `the echo of ${size} bytes`);
  }
  expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
}, 60_000);

test('an end of one side leaves the other side open', async () => {
  serve = (socket) => {
    socket.resume().on('end', () => socket.end('after the end'));
  };
  const client = await dial();
  client.end('all of it');
  let text = '';
  client.on('data', (bytes) => {
    text += bytes.toString();
  });
  await once(client, 'end');
  expect(text).toBe('after the end');
});

test.each(['', 'a few last words'])(
  'an end that came before there was a connection is passed on, behind %j',
  async (text) => {
    let received = '';
    serve = (socket) => {
      socket.on('data', (bytes) => {
        received += bytes.toString();
      });
      socket.on('end', () => socket.end('bye'));
    };
    connected = (client) => until(() => client.readableEnded || client.readableLength > 0, 'what the client sent');
    const client = await dial();
    client.end(text);
    let answer = '';
    client.on('data', (bytes) => {
      answer += bytes.toString();
    });
    await once(client, 'end');
    expect([received, answer]).toEqual([text, 'bye']);
  },
);

test('a reset of one side is a reset of the other', async () => {
  const served = Promise.withResolvers<net.Socket>();
  serve = served.resolve;
  const client = await dial();
  client.write('hello');
  const server = await served.promise;
  const broken = Promise.withResolvers<NodeJS.ErrnoException>();
  server.resume().once('error', broken.resolve);
  client.resetAndDestroy();
  expect((await broken.promise).code).toBe('ECONNRESET');
});
