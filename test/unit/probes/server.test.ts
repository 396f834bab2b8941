import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { holdsSocket, programsEnded } from '../../../src/probes/programs.ts';
import { type HealthServerOptions, startHealthServer } from '../../../src/probes/server.ts';
import type { Probe, ProbeTarget } from '../../../src/probes/table.ts';
import { createCredentials } from '../../support/mesh/credentials.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function healthServer(options: Partial<HealthServerOptions> = {}): Promise<string> {
  const server = await startHealthServer({
    port: 0,
    addresses: ['127.0.0.1'],
    probes: {},
    graceSeconds: 30,
    ready: () => true,
    started: () => true,
    arrivals: async () => 0,
    ...options,
  });
  stops.push(() => server.close());
  return `http://127.0.0.1:${server.port}`;
}

/** What the kubelet is told of a probe of the container `web`. */
async function probed(target: ProbeTarget, timeoutSeconds = 20): Promise<{ status: number; text: string }> {
  const probe: Probe = { target, timeoutSeconds };
  const url = await healthServer({ probes: { 'web/liveness': probe } });
  const response = await fetch(`${url}/probe/web/liveness`, { headers: { 'User-Agent': 'kube-probe/1.34' } });
  return { status: response.status, text: await response.text() };
}

function http(port: number, path = '/', others: Partial<Extract<ProbeTarget, { kind: 'http' }>> = {}): ProbeTarget {
  return { kind: 'http', port, path, scheme: 'http', headers: [], ...others };
}

describe('a probe over HTTP', () => {
  it('asks as the kubelet would, and tells the status alone', async () => {
    const seen: IncomingMessage[] = [];
    const port = await listening(
      createServer((request, response) => {
        seen.push(request);
        response.writeHead(request.url === '/bad' ? 500 : 200).end('secret');
      }),
    );
    const headers = [
      { name: 'host', value: 'shop' },
      { name: 'X-A', value: '1' },
      { name: 'x-a', value: '2' },
    ];
    expect(await probed(http(port, '/good?x=1', { headers }))).toEqual({ status: 200, text: 'HTTP status 200\n' });
    expect(seen[0]).toMatchObject({ method: 'GET', url: '/good?x=1' });
    expect(seen[0]?.headers).toMatchObject({
      host: 'shop',
      'x-a': '1, 2',
      'user-agent': 'kube-probe/1.34',
      accept: '*/*',
    });
    expect(await probed(http(port, '/bad'))).toEqual({ status: 500, text: 'HTTP status 500\n' });
  });

  it('follows redirects within the host, not for ever, and none to another host', async () => {
    const answer: RequestListener = ({ url }, response) => {
      const to: Record<string, string> = { '/a': '/b', '/loop': '/loop', '/far': 'http://192.0.2.1/' };
      const location = to[url ?? ''];
      response.writeHead(location === undefined ? 404 : 302, location === undefined ? {} : { location }).end();
    };
    const port = await listening(createServer(answer));
    const statuses = await Promise.all(['/a', '/loop', '/far'].map((path) => probed(http(port, path))));
    expect(statuses.map(({ status }) => status)).toEqual([404, 503, 200]);
  });

  it('takes any certificate', async () => {
    const { issued } = await createCredentials();
    const svid = await issued(spiffeId('cluster.local', 'default', 'web'));
    const options = { cert: svid.certificateChain, key: svid.privateKey };
    const port = await listening(createSecureServer(options, (_request, response) => response.end()));
    expect(await probed(http(port, '/', { scheme: 'https' }))).toMatchObject({ status: 200 });
  });

  it('fails when nobody listens, when no answer comes in its time, and when it cannot be asked', async () => {
    const silent = createTcpServer(() => {});
    const port = await listening(silent);
    const [late, impossible] = await Promise.all([
      probed(http(port), 1),
      probed(http(port, '/', { headers: [{ name: 'a b', value: 'x' }] })),
    ]);
    silent.close();
    expect([late.status, impossible.status]).toEqual([503, 503]);
    const closed = await listening(createTcpServer());
    await stops.pop()?.();
    expect((await probed(http(closed))).text).toContain('ECONNREFUSED');
  });
});

describe('other probes', () => {
  it('of a connection', async () => {
    const server = createTcpServer();
    const port = await listening(server);
    expect((await probed({ kind: 'tcp', port })).status).toBe(200);
    await new Promise((resolve) => server.close(resolve));
    expect((await probed({ kind: 'tcp', port })).status).toBe(503);
  });

  it.each([
    ['serving', 1, '0', 200],
    ['not serving', 2, '0', 503],
    ['an unknown service', undefined, '5', 503],
  ] as const)('of gRPC health: %s', async (_what, state, code, expected) => {
    const bodies: Buffer[] = [];
    const server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      stream.on('data', (bytes: Buffer) => bodies.push(bytes));
      stream.on('end', () => {
        expect(headers[':path']).toBe('/grpc.health.v1.Health/Check');
        if (state === undefined) return stream.respond({ ':status': 200, 'grpc-status': code }, { endStream: true });
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': code }));
        return stream.end(Buffer.from([0, 0, 0, 0, 2, 8, state]));
      });
    });
    const port = await listening(server);
    expect((await probed({ kind: 'grpc', port, service: 'shop' })).status).toBe(expected);
    expect(Buffer.concat(bodies).toString('latin1')).toBe('\0\0\0\0\x06\n\x04shop');
  });

  it('there are none but those of the table', async () => {
    const url = await healthServer({
      probes: { 'web/liveness': { target: { kind: 'tcp', port: 1 }, timeoutSeconds: 1 } },
    });
    for (const path of ['/', '/probe/web/readiness', '/probe/web/toString', '/probe/__proto__/liveness', '/probe/x']) {
      expect((await fetch(url + path)).status).toBe(404);
    }
  });
});

describe('what a sidecar says of itself', () => {
  it('whether it is ready, now or as soon as it is', async () => {
    let ready = false;
    let asked = 0;
    const isReady = () => {
      asked += 1;
      return ready;
    };
    const url = await healthServer({ ready: isReady, started: () => ready });
    const status = async (path: string) => (await fetch(url + path)).status;
    expect([await status('/ready'), await status('/started')]).toEqual([503, 503]);
    const waiting = status('/wait');
    while (asked < 3) await new Promise((resolve) => setImmediate(resolve));
    ready = true;
    expect([await waiting, await status('/ready'), await status('/started')]).toEqual([200, 200, 200]);
  });

  it('not to more than a few who wait', async () => {
    const url = await healthServer({ ready: () => false });
    const abort = new AbortController();
    const waiting = Array.from({ length: 20 }, () =>
      fetch(`${url}/wait`, { signal: abort.signal }).then(
        ({ status }) => status,
        () => 'waits',
      ),
    );
    const refused = await Promise.race(waiting);
    expect(refused).toBe(503);
    expect((await fetch(`${url}/ready`)).status).toBe(503);
    abort.abort();
    expect((await Promise.all(waiting)).filter((result) => result === 'waits')).toHaveLength(16);
  });
});

describe('the end of programs', () => {
  const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const line = (state: string, uid: number) =>
    `   0: 0100007F:1F90 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 24110 1\n`;

  it.each([
    ['a listener', line('0A', 1_000), true],
    ['a connection of root', line('01', 0), true],
    ['one that its peer has closed', line('08', 1_000), true],
    ['the sidecar', line('0A', 15_000) + line('01', 15_000), false],
    ['what waits after its end', line('06', 0) + line('04', 0), false],
    ['nothing', '', false],
  ])('is told from sockets: %s', (_what, lines, holds) => {
    expect(holdsSocket(head + lines)).toBe(holds);
  });

  it('is awaited, and no longer than the time there is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-sockets-'));
    stops.push(() => rmSync(folder, { recursive: true }));
    const table = join(folder, 'tcp');
    const options = { quietMillis: 1, signal: new AbortController().signal, tables: [table, join(folder, 'none')] };
    writeFileSync(table, head + line('0A', 1_000));
    await programsEnded({ ...options, limitMillis: 300 });
    let ended = false;
    const end = programsEnded({ ...options, limitMillis: 600_000 }).then(() => {
      ended = true;
    });
    expect(ended).toBe(false);
    writeFileSync(table, head + line('0A', 15_000));
    await end;
    expect(ended).toBe(true);
  });
});
