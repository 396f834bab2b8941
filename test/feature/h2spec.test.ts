import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureH2spec } from '../../scripts/h2spec.mjs';
import { createAuthority } from '../../src/identity/authority.ts';
import { spiffeId } from '../../src/lib/spiffe.ts';
import { workloadId } from '../../src/model/ids.ts';
import { FieldList } from '../../src/proxy/http/field-list.ts';
import { ServerSession } from '../../src/proxy/http2/server-session.ts';
import { type RunningProxy, startProxy } from '../../src/proxy/index.ts';
import { readInto } from '../../src/proxy/socket/read-into.ts';
import { Ticker } from '../../src/proxy/ticker.ts';
import { allowed, matching, sampleModel } from '../support/envoy-model.ts';
import { takeAddressRange } from '../support/mesh/address-range.ts';
import { createCredentials } from '../support/mesh/credentials.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import { endpoints, ownAddress, service, workload } from '../unit/proxy/support/mesh.ts';

/** All cases of h2spec, the strict ones included, against a server of our sessions, and against a proxy before it. */

const { path: binary, reason } = h2specBinary();
const body = Buffer.from('as the sections of RFC 9113 say\n');
const answer = { status: 200, fields: new FieldList(['content-type', 'text/plain']), contentLength: body.length };
const ticker = new Ticker();
afterAll(() => ticker.stop());

/** With `CI=true` a missing h2spec is a failure, so that nothing is skipped unseen. */
function h2specBinary(): { path?: string; reason?: string } {
  try {
    return { path: ensureH2spec((line) => console.log(line)) };
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    const { message, hint } = error as { message: string; hint?: string };
    console.log(`h2spec is skipped: ${message}; ${hint}`);
    return { reason: `${message}; ${hint}` };
  }
}

function serve(socket: net.Socket): void {
  const session = new ServerSession({
    socket,
    ticker,
    extendedConnect: false,
    closed: () => {},
    request: (stream, { endStream }) => {
      const respond = () => {
        stream.head(answer, undefined);
        stream.data(body, 0, body.length);
        stream.end(undefined);
      };
      if (endStream) respond();
      return { data: () => true, end: respond, reset: () => {}, drained: () => {} };
    },
  });
  readInto(socket, (bytes) => session.receive(bytes));
}

/** The summary, behind the cases that failed. */
async function run(host: string, port: number, ...options: string[]): Promise<string> {
  const args = ['--strict', '--timeout', '10', '--host', host, '--port', String(port), ...options];
  const output = await new Promise<string>((resolve) => {
    execFile(binary!, args, { maxBuffer: 16 << 20 }, (_, stdout, stderr) => resolve(stdout + stderr));
  });
  const failures = output.indexOf('Failures:');
  return failures >= 0 ? output.slice(failures) : output.trimEnd().split('\n').at(-1)!;
}

describe.skipIf(binary === undefined)(`h2spec${reason === undefined ? '' : ` (${reason})`}`, () => {
  const host = ownAddress();
  const sockets = new Set<net.Socket>();
  const servers: net.Server[] = [];

  beforeAll(async () => {
    const { certificateChain, privateKey } = await (await createAuthority({ trustDomain: 'a.test' })).issue(
      spiffeId('a.test', 'default', 'a'),
    );
    const accept = (socket: net.Socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      serve(socket);
    };
    servers.push(
      net.createServer({ noDelay: true, allowHalfOpen: true }, accept),
      tls.createServer(
        { noDelay: true, allowHalfOpen: true, cert: certificateChain, key: privateKey, ALPNProtocols: ['h2'] },
        accept,
      ),
    );
    for (const server of servers) {
      server.listen(0, host);
      await once(server, 'listening');
    }
  });
  afterAll(() => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  });

  const portOf = (index: number) => (servers[index]!.address() as AddressInfo).port;

  it('finds nothing in clear text', async () => {
    expect(await run(host, portOf(0))).toBe('146 tests, 146 passed, 0 skipped, 0 failed');
  }, 300_000);

  it('finds nothing over TLS', async () => {
    expect(await run(host, portOf(1), '--tls', '--insecure')).toBe('146 tests, 146 passed, 0 skipped, 0 failed');
  }, 300_000);

  it('finds nothing in a proxy, but that what is not HTTP/2 is answered in HTTP/1.1', async () => {
    const address = ownAddress();
    const proxy = await proxyTo({ address: host, port: portOf(0) }, address);
    const report = await run(address, proxyPort);
    await proxy.stop();
    expect(report).toContain('146 tests, 145 passed, 0 skipped, 1 failed');
    expect(report.match(/×.*/g)).toEqual(['× 2: Sends invalid connection preface']);
    expect(report).toContain('the frame header looked like an HTTP/1.1 header');
  }, 300_000);

  it('finds nothing in the sidecar of a server, behind mutual TLS', async () => {
    const sidecar = await serverSidecar({ address: host, port: portOf(0) });
    const report = await run(host, sidecar.port);
    await sidecar.stop();
    expect(report).toBe('146 tests, 146 passed, 0 skipped, 0 failed');
  }, 300_000);
});

/** h2spec has no client certificate: it talks to a forwarder that has the buyer's. */
async function serverSidecar(app: { address: string; port: number }) {
  const range = await takeAddressRange();
  const credentials = await createCredentials();
  const model = sampleModel({ base: range.base, grants: [allowed('buyer', [{ http: matching({}) }])] });
  const id = workloadId('default', 'store-v1');
  const { ports, addresses, ...rest } = model.workloads[id]!;
  const port = { ...ports[0]!, http2: true as const, app };
  const workloads = { ...model.workloads, [id]: { ...rest, addresses, ports: [port] } };
  const stop = await proxyPlane.start({ ...model, workloads }, [id], credentials);
  const { certificateChain, privateKey } = await credentials.issued(spiffeId(model.trustDomain, 'default', 'buyer'));
  const forwarder = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const inner = tls.connect({
      host: addresses[0]!,
      port: port.meshPort,
      cert: certificateChain,
      key: privateKey,
      ALPNProtocols: ['h2'],
      rejectUnauthorized: false,
    });
    inner.setNoDelay(true);
    for (const each of [socket, inner]) each.on('error', () => {});
    socket.pipe(inner);
    inner.pipe(socket);
    inner.on('close', () => socket.destroySoon());
    socket.on('close', () => inner.destroy());
  });
  forwarder.listen(0, app.address);
  await once(forwarder, 'listening');
  return {
    port: (forwarder.address() as AddressInfo).port,
    stop: async () => {
      forwarder.close();
      await stop();
      range.release();
    },
  };
}

const proxyPort = 20_000;

async function proxyTo(target: { address: string; port: number }, address: string): Promise<RunningProxy> {
  const listener = { address, port: proxyPort, protocol: 'HTTP', services: ['default/store:80'] };
  const resources = [
    workload({ name: 'default/client', outbound: [listener] }),
    service('store', 80, { store: 1 }, { hosts: [address, `${address}:${proxyPort}`] }),
    endpoints('store', 80, [{ ...target, http2: true }]),
  ];
  const bootstrap = { node: 'default/client', admin: { address, port: 0 }, drainMillis: 1_000, resources };
  const proxy = await startProxy(bootstrap, { log: () => {} });
  await proxy.ready;
  return proxy;
}
