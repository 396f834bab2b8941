import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classify, peek, type Sniffed, sniff } from '../../../src/proxy/listeners/sniff.ts';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

describe('the first bytes of a connection', () => {
  test.each<[string, Sniffed | undefined]>([
    ['', undefined],
    ['\x16', undefined],
    ['\x16\x03', 'tls'],
    ['\x16\x03\x01\x02\x00', 'tls'],
    ['\x16\x02', 'unknown'],
    ['P', undefined],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r', undefined],
    [preface, 'http2'],
    [`${preface}\0\0\0`, 'http2'],
    ['PRI * HTTP/2.1', 'http1'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\rX', 'http1'],
    ['PUT', 'http1'],
    ['GET / HTTP/1.1\r\n\r\n', 'http1'],
    ['\r\nGET', 'http1'],
    ['\0\0\0', 'unknown'],
    [' GET', 'unknown'],
    ['\x80\x2e\x01', 'unknown'],
  ])('%j: %s', (text, found) => {
    expect(classify(Buffer.from(text, 'latin1'))).toBe(found);
  });
});

describe('sniffing', () => {
  let server: net.Server;
  const accepted: ((socket: net.Socket) => void)[] = [];

  beforeAll(async () => {
    server = net.createServer({ allowHalfOpen: true }, (socket) => accepted.shift()?.(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  async function pair(): Promise<{ client: net.Socket; socket: net.Socket }> {
    const arrived = new Promise<net.Socket>((resolve) => accepted.push(resolve));
    const client = net.connect({ port: (server.address() as net.AddressInfo).port, host: '127.0.0.1', noDelay: true });
    client.on('error', () => {});
    const socket = await arrived;
    socket.on('error', () => {});
    return { client, socket };
  }

  test.each([
    ['http1', 'GET / HTTP/1.1\r\n\r\nrest'],
    ['http2', `${preface}rest`],
    ['tls', '\x16\x03\x01\x00\x05hello'],
    ['unknown', '\0\0\0rest'],
  ])('finds %s byte by byte and loses nothing', async (expected, text) => {
    const { client, socket } = await pair();
    const found = new Promise((resolve) => sniff(socket, 30_000, resolve));
    for (const character of text) {
      client.write(character, 'latin1');
      await new Promise(setImmediate);
    }
    expect(await found).toBe(expected);
    let read = '';
    socket.on('data', (bytes: Buffer) => {
      read += bytes.toString('latin1');
    });
    client.end();
    await once(socket, 'end');
    expect(read).toBe(text);
    socket.destroy();
  });

  test('loses nothing to a pipe either', async () => {
    const [{ client, socket }, other] = [await pair(), await pair()];
    const found = new Promise((resolve) => sniff(socket, 30_000, resolve));
    client.end('GET / and more');
    expect(await found).toBe('http1');
    socket.pipe(other.socket);
    let read = '';
    other.client.on('data', (bytes: Buffer) => {
      read += bytes.toString('latin1');
    });
    await once(other.client, 'end');
    expect(read).toBe('GET / and more');
    for (const each of [client, socket, other.client, other.socket]) each.destroy();
  });

  test('says so when nothing comes, and the bytes so far stay', async () => {
    const { client, socket } = await pair();
    client.write('PRI');
    expect(await new Promise((resolve) => sniff(socket, 50, resolve))).toBe('timeout');
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('PRI');
    client.destroy();
    socket.destroy();
  });

  test('says so when the connection ends', async () => {
    const { client, socket } = await pair();
    client.end('PRI');
    expect(await new Promise((resolve) => sniff(socket, 30_000, resolve))).toBe('closed');
    socket.destroy();
  });

  test('can be given up', async () => {
    const { client, socket } = await pair();
    const giveUp = peek(
      socket,
      30_000,
      () => undefined,
      () => {
        throw new Error('called after giving up');
      },
    );
    giveUp();
    client.end('x');
    socket.resume();
    await once(socket, 'end');
    socket.destroy();
  });

  test('leaves a TLS handshake whole', async () => {
    const { client, socket } = await pair();
    const found = new Promise((resolve) => sniff(socket, 30_000, resolve));
    const secure = tls.connect({ socket: client, servername: 'store', rejectUnauthorized: false });
    secure.on('error', () => {});
    expect(await found).toBe('tls');
    let name = '';
    const context = tls.createSecureContext();
    const wrapped = new tls.TLSSocket(socket, {
      isServer: true,
      secureContext: context,
      SNICallback: (asked, done) => {
        name = asked;
        done(null, context);
      },
    });
    // Without a certificate the handshake fails after the name was read.
    await once(wrapped, 'error');
    expect(name).toBe('store');
    client.destroy();
  });
});
