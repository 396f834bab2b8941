import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { limits } from '../../src/proxy/limits.ts';
import { envoyBinary } from '../support/envoy.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import type { Plane } from '../support/mesh/planes.ts';
import { get, line, post } from './http1/case.ts';
import { dial, type End, type OpenServer, openServer } from './http1/ends.ts';
import { sidecar } from './http1/sidecar.ts';

/** HTTP/1.1 whose outcome depends on who speaks when, through the client's sidecar. */

const { path: binary, reason } = envoyBinary();
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const expecting = post('Expect: 100-continue\r\nContent-Length: 3');

/** The connection to the server that a request came in on, whole. */
async function requestAt(server: OpenServer, before: number, pattern: RegExp): Promise<End> {
  const end = await server.connection(before);
  await end.has(pattern);
  return end;
}

const planes: readonly (readonly [string, Plane | undefined])[] = [
  ['our proxy', proxyPlane],
  [reason === undefined ? 'Envoy' : `Envoy (${reason})`, binary === undefined ? undefined : envoyPlane(binary)],
];

describe.each(planes)('HTTP/1.1 in turns through %s', (_, plane) => {
  const ends = sidecar(plane, openServer);
  const exchange = it.skipIf(plane === undefined);
  const isOurs = plane === proxyPlane;
  const opened: End[] = [];
  afterEach(() => {
    for (const { socket } of opened.splice(0)) socket.destroy();
  });

  /** A client, and how many connections the server had before it. */
  async function begin(): Promise<{ client: End; server: OpenServer; before: number }> {
    const { target, server } = ends();
    const client = await dial(target);
    opened.push(client);
    return { client, server, before: server.count };
  }

  /** Nothing that the server keeps open is used again. */
  async function forget(...connections: readonly End[]): Promise<void> {
    for (const { socket } of connections) socket.destroy();
    for (const connection of connections) await connection.isClosed();
  }

  exchange('Expect: the body waits for 100', async () => {
    const { client, server, before } = await begin();
    client.send(expecting);
    // Envoy gives the 100 itself.
    const first = await requestAt(server, before, /\r\n\r\n$/);
    if (isOurs) {
      expect(client.text).toBe('');
      first.send('HTTP/1.1 100 Continue\r\n\r\n');
    }
    await client.has(/^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    client.send('abc');
    await first.has(/\r\n\r\nabc$/);
    first.send(ok);
    await client.has(/HTTP\/1\.1 200 OK\r\n[\s\S]*ok$/);
    await forget(first);
  });

  exchange('Expect: an early final answer ends the connection, and the body goes nowhere', async () => {
    const { client, server, before } = await begin();
    client.send(expecting);
    const first = await requestAt(server, before, /\r\n\r\n$/);
    first.send('HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n');
    await client.has(/HTTP\/1\.1 401 /);
    client.send('abc');
    client.send(get('', '/next'));
    await first.isClosed();
    if (isOurs) await client.isClosed();
    expect(first.text).not.toContain('/next');
    expect(server.count).toBe(before + 1);
  });

  exchange('an early answer to a body under way', async () => {
    const { client, server, before } = await begin();
    client.send(post('Content-Length: 1000000', 'abc'));
    const first = await requestAt(server, before, /abc$/);
    first.send('HTTP/1.1 413 No\r\nContent-Length: 3\r\n\r\nbig');
    await client.has(/HTTP\/1\.1 413 [\s\S]*big$/);
    if (isOurs) expect(client.text).toMatch(/\r\nconnection: close\r\n/);
    await first.isClosed();
    expect(server.count).toBe(before + 1);
  });

  exchange('a client that leaves amid a body: the server never has it whole', async () => {
    const { client, server, before } = await begin();
    client.send(post('Transfer-Encoding: chunked', '3\r\nabc\r\n'));
    const first = await requestAt(server, before, /abc\r\n$/);
    client.socket.destroy();
    await first.isClosed();
    expect(first.text).not.toContain('\r\n0\r\n');
  });

  exchange('a client that ends its side amid a length', async () => {
    const { client, server, before } = await begin();
    client.send(post('Content-Length: 10', 'abc'));
    const first = await requestAt(server, before, /abc$/);
    client.socket.end();
    await first.isClosed();
    expect(client.text).toBe('');
  });

  exchange('a chunk that is malformed after the head went out: the server never has the body whole', async () => {
    const { client, server, before } = await begin();
    client.send(post('Transfer-Encoding: chunked', '3\r\nabc\r\n'));
    const first = await requestAt(server, before, /abc\r\n$/);
    client.send(`zz\r\n\r\n0\r\n\r\n${get('', '/smuggled')}`);
    await client.has(/^HTTP\/1\.1 400 /);
    await first.isClosed();
    expect(first.text).not.toMatch(/\r\n0\r\n|smuggled/);
  });

  exchange('a trailer that is refused after the body went out: the server never has it whole', async () => {
    const { client, server, before } = await begin();
    client.send(post('Transfer-Encoding: chunked', '3\r\nabc\r\n'));
    const first = await requestAt(server, before, /abc\r\n$/);
    client.send('0\r\nContent-Length: 3\r\n\r\n');
    if (!isOurs) {
      // Envoy drops trailers of HTTP/1.1.
      await first.has(/\r\n0\r\n\r\n$/);
      await forget(first);
      return;
    }
    await client.has(/^HTTP\/1\.1 400 /);
    await first.isClosed();
    expect(first.text).not.toContain('\r\n0\r\n');
  });

  exchange('a refused request with its body still to come', async () => {
    const { client, server, before } = await begin();
    client.send(line('POST / HTTP/1.1', 'Host: nobody\r\nContent-Length: 3'));
    await client.has(/^HTTP\/1\.1 404 [\s\S]*connection: close/);
    client.send(`abc${get('', '/next')}`);
    client.socket.end();
    await client.isClosed();
    expect(client.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(server.count).toBe(before);
  });

  exchange('an answer that nobody asked for is not given to the next request', async () => {
    const { client, server, before } = await begin();
    client.send(get('', '/1'));
    const first = await requestAt(server, before, /\r\n\r\n$/);
    first.send(ok);
    await client.has(/ok$/);
    first.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    await first.isClosed();
    client.send(get('', '/2'));
    const second = await requestAt(server, before + 1, /\/2 HTTP/);
    second.send(ok);
    await client.has(/ok[\s\S]*ok$/);
    expect(client.text).not.toContain('evil');
    await forget(second);
  });

  exchange('an answer before the request is complete is given to nobody else', async () => {
    const { client, server, before } = await begin();
    client.send(post('Content-Length: 6', 'abc'));
    const first = await requestAt(server, before, /abc$/);
    first.send(`${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
    await client.has(/ok/);
    await first.isClosed();
    expect(client.text).not.toContain('evil');
  });

  exchange('an answer that breaks off ends the connection without its end', async () => {
    const { client, server, before } = await begin();
    client.send(get());
    const first = await requestAt(server, before, /\r\n\r\n$/);
    first.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await client.has(/hello/);
    first.socket.resetAndDestroy();
    await client.isClosed();
    expect(client.text).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  exchange('a malformed chunk of an answer under way', async () => {
    const { client, server, before } = await begin();
    client.send(get());
    const first = await requestAt(server, before, /\r\n\r\n$/);
    first.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await client.has(/hello/);
    first.send('zz\r\n');
    await client.isClosed();
    await first.isClosed();
    expect(client.text).not.toMatch(/\r\n0\r\n\r\n$/);
  });

  exchange('a pipelined request waits for the answer before it, and its server for it', async () => {
    const { client, server, before } = await begin();
    client.send(get('', '/1') + get('', '/2'));
    const first = await requestAt(server, before, /\/1 HTTP[\s\S]*\r\n\r\n$/);
    expect([first.text.includes('/2'), server.count]).toEqual([false, before + 1]);
    first.send(ok);
    await first.has(/\/2 HTTP[\s\S]*\r\n\r\n$/);
    first.send(ok);
    await client.has(/ok[\s\S]*ok$/);
    await forget(first);
  });

  exchange('a client that ends its side after the last request', async () => {
    const { client, server, before } = await begin();
    client.send(get());
    const first = await requestAt(server, before, /\r\n\r\n$/);
    client.socket.end();
    if (isOurs) {
      first.send(ok);
      await client.has(/ok$/);
      await forget(first);
    } else {
      // To Envoy that is the end of the request.
      await first.isClosed();
    }
    await client.isClosed();
  });
});

describe('slow input to our proxy', () => {
  // The proxy's clock goes only as the tests say; sockets are as ever.
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterAll(() => {
    vi.useRealTimers();
  });
  const ends = sidecar(proxyPlane, openServer);

  it.each([
    ['a head that stops', get().slice(0, 20), limits.headerMillis, /^HTTP\/1\.1 408 /],
    ['a connection without a request', '', limits.idleMillis, /^$/],
    ['a body that stops', post('Content-Length: 3', 'a'), limits.stalledMillis, /^HTTP\/1\.1 (408|504) /],
  ])('%s is given up after its time, and nothing is forwarded whole', async (_, text, millis, answer) => {
    const { target, server } = ends();
    const before = server.count;
    const client = await dial(target);
    client.send(text);
    if (text.includes('\r\n\r\n')) await (await server.connection(before)).has(/a$/);
    else await settled(target);
    vi.advanceTimersByTime(millis - 1_000);
    await settled(target);
    expect([client.text, client.closed]).toEqual(['', false]);
    vi.advanceTimersByTime(2_000);
    await (answer.source === '^$' ? client.isClosed() : client.has(answer));
    expect(client.text).toMatch(answer);
    client.socket.end();
    await client.isClosed();
  });

  it('a connection is kept for long after an answer: its next request may be on its way', async () => {
    const { target, server } = ends();
    const client = await dial(target);
    for (const pause of [10 * limits.idleMillis, limits.keepAliveMillis + 2_000]) {
      const before = server.count;
      const body = String(pause).padStart(7, '0');
      client.send(get());
      (await server.connection(before)).send(`HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n${body}`);
      await client.has(new RegExp(`${body}$`));
      vi.advanceTimersByTime(pause);
    }
    await client.isClosed();
  });

  it('a head that trickles has no more time than one that stops', async () => {
    const { target, server } = ends();
    const before = server.count;
    const client = await dial(target);
    const head = get('X: a');
    for (let at = 0; at < 11 && client.text === ''; at++) {
      client.send(head[at]!);
      await settled(target);
      vi.advanceTimersByTime(1_000);
    }
    await client.has(/^HTTP\/1\.1 408 /);
    expect(server.count).toBe(before);
    client.socket.end();
    await client.isClosed();
  });

  /** Settles when the proxy has read what came before: it answers another client. */
  async function settled(target: { host: string; port: number }): Promise<void> {
    const probe = await dial(target);
    probe.send(line('GET / HTTP/1.1', 'Host: nobody\r\nConnection: close'));
    await probe.has(/^HTTP\/1\.1 404 /);
    probe.socket.destroy();
  }
});
