import net from 'node:net';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { resourceFromJson } from '../../../src/proxy/config/decode.ts';
import { ResourceSet } from '../../../src/proxy/config/resources.ts';
import type { StaticResource } from '../../../src/proxy/index.ts';
import type { Destination } from '../../../src/proxy/interception/original-destination.ts';
import { Runtime } from '../../../src/proxy/runtime.ts';
import { renderText } from '../../../src/telemetry/exposition/text.ts';
import { freePorts } from '../../support/free-ports.ts';
import {
  collect,
  endpoints,
  namedServer,
  ownAddress,
  policy,
  rawServer,
  service,
  until,
  workload,
} from './support/mesh.ts';

const node = 'default/client';
const identity = spiffeId('cluster.local', 'default', 'client');
const request = (path = '/', host = 'store', more = 'Connection: close\r\n') =>
  `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;

let authority: Authority;
const stops: (() => unknown)[] = [];
beforeAll(async () => {
  authority = await createAuthority({ trustDomain: 'cluster.local' });
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A proxy whose connections are redirected by the test: it says where each was going. */
async function redirected(resources: readonly StaticResource[], addresses: readonly string[] = []) {
  let going: Destination | undefined;
  const log: string[] = [];
  const [outboundPort = 0, inboundPort = 0] = await freePorts(2, '::');
  const { certificateChain, privateKey, trustBundle } = await authority.issue(identity);
  const runtime = new Runtime(
    {
      node,
      admin: { address: '127.0.0.1', port: 0 },
      secret: { certificateChain, privateKey, trustBundle },
      interception: { outboundPort, inboundPort, addresses },
    },
    (line) => log.push(line),
    () => going,
  );
  stops.push(() => runtime.stop());
  const apply = (all: readonly StaticResource[]) =>
    runtime.apply(
      new ResourceSet().with(
        all.map((json) => {
          const decoded = resourceFromJson(json);
          if (!decoded.ok) throw new Error(decoded.error);
          return decoded.value;
        }),
      ),
    );
  await apply(resources);
  await runtime.ready;
  const open = async (port: number, to: Destination | undefined, text: string) => {
    going = to;
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
    socket.write(text);
    return socket;
  };
  const ask = async (port: number, address: string, to: number, text: string) =>
    collect(await open(port, { address, port: to }, text));
  return {
    log,
    apply,
    runtime,
    outbound: (address: string, port: number, text: string) => ask(outboundPort, address, port, text),
    inbound: (address: string, port: number, text: string) => ask(inboundPort, address, port, text),
    open: (to: Destination | undefined, text: string) => open(outboundPort, to, text),
  };
}

const listener = (port: number, services: readonly string[], fields: Record<string, unknown> = {}) => ({
  address: '127.0.0.1',
  port,
  protocol: 'HTTP',
  services,
  intercepted: true,
  ...fields,
});
const vip = (name: string, port: number, address: string, fields: Record<string, unknown> = {}) =>
  service(name, port, { [name]: 1 }, { hosts: [`${name}.default`, address], ...fields });
const client = (fields: Record<string, unknown>) =>
  workload({ name: node, identity, inboundPolicy: 'default/client', ...fields });

describe('a redirected connection', () => {
  test('means the service whose address it was going to, whatever port number and host it shares', async () => {
    const [store, shop, db] = [
      await namedServer('store'),
      await namedServer('shop'),
      await rawServer((s) => s.end('db')),
    ];
    stops.push(store.close, shop.close, db.close);
    const proxy = await redirected([
      client({
        outbound: [listener(80, ['default/store:80', 'default/shop:80'], { connectionServices: ['default/db:80'] })],
      }),
      vip('store', 80, '10.96.0.1'),
      vip('shop', 80, '10.96.0.2'),
      vip('db', 80, 'fd96::3', { protocol: 'TCP' }),
      endpoints('store', 80, [store]),
      endpoints('shop', 80, [shop]),
      endpoints('db', 80, [db]),
    ]);
    expect(await proxy.outbound('10.96.0.1', 80, request())).toMatch(/^HTTP\/1.1 200 .*store$/s);
    expect(await proxy.outbound('10.96.0.2', 80, request('/', 'store.default'))).toMatch(/^HTTP\/1.1 200 .*shop$/s);
    expect(await proxy.outbound('10.96.0.2', 80, request('/', 'anything.example'))).toMatch(/^HTTP\/1.1 200 .*shop$/s);
    expect(await proxy.outbound('fd96::3', 80, 'x')).toBe('db');
  });

  test('is refused where it would lead back to the proxy, or to nobody', async () => {
    const proxy = await redirected([client({ outboundPassthrough: true })]);
    for (const address of ['127.0.0.1', '127.9.9.9', '::1', 'fe80::1', '0.0.0.0', '224.0.0.1']) {
      expect(await proxy.outbound(address, 80, request())).toBe('');
    }
    const socket = await proxy.open(undefined, request());
    expect(await collect(socket)).toBe('');
    expect(proxy.log.filter((line) => line.includes('reason=local-address'))).toHaveLength(6);
    expect(proxy.log.filter((line) => line.includes('reason=no-destination'))).toHaveLength(1);
    expect(renderText(proxy.runtime.registry)).toContain(
      'smi_refused_connections_total{direction="outbound",reason="local-address"} 6',
    );
  });

  test('goes nowhere but to the mesh when only that may be reached', async () => {
    const store = await namedServer('store');
    stops.push(store.close);
    const proxy = await redirected([
      client({ outbound: [listener(80, ['default/store:80'])] }),
      vip('store', 80, '10.96.0.1'),
      endpoints('store', 80, [store]),
    ]);
    expect(await proxy.outbound('10.96.0.1', 80, request())).toContain('store');
    expect(await proxy.outbound('192.0.2.1', 80, request('/', 'store.default'))).toBe('');
    expect(await proxy.outbound('192.0.2.1', 9999, 'x')).toBe('');
    expect(proxy.log.filter((line) => line.includes('reason=not-in-mesh'))).toHaveLength(2);
  });

  test('to no address of the mesh still means a service that has further names, by its host', async () => {
    const store = await namedServer('store');
    stops.push(store.close);
    const proxy = await redirected([
      client({ outbound: [listener(80, ['default/store:80'])] }),
      vip('store', 80, '10.96.0.1', { hosts: ['store.default', 'store.example', '10.96.0.1'] }),
      endpoints('store', 80, [store]),
    ]);
    expect(await proxy.outbound('192.0.2.1', 80, request('/', 'store.example'))).toContain('store');
    expect(await proxy.outbound('192.0.2.1', 80, request('/', 'other.example'))).toMatch(/^HTTP\/1.1 404 /);
    // What speaks no HTTP names nobody.
    expect(await proxy.outbound('192.0.2.1', 80, '\x00\x01\x02')).toBe('');
  });

  test('from elsewhere reaches declared ports alone', async () => {
    const address = ownAddress();
    const proxy = await redirected([
      client({
        inbound: [{ address, port: 8080, containerPort: 8080, appAddress: address, appPort: 8080, tls: 'OFF' }],
      }),
      policy('default/client', []),
    ]);
    expect(await proxy.inbound(address, 8080, request())).toMatch(/^HTTP\/1.1 50[23] /);
    expect(await proxy.inbound(address, 8081, request())).toBe('');
    expect(proxy.log.join('\n')).toContain(
      `refused inbound connection from=127.0.0.1 to=${address} port 8081 reason=undeclared-port`,
    );
  });

  test('is taken at the addresses that the pod has, before the control plane knows them', async () => {
    const address = ownAddress();
    const program = net.createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nself'));
    program.listen(8080, address);
    stops.push(() => program.close());
    const anywhere = { address: '0.0.0.0', port: 8080, containerPort: 8080, appAddress: '127.0.0.1', appPort: 8080 };
    const proxy = await redirected(
      [client({ inbound: [{ ...anywhere, tls: 'OFF' }] }), policy('default/client', [])],
      [address],
    );
    expect(await proxy.inbound(address, 8080, request())).toMatch(/^HTTP\/1.1 200 .*self$/s);
  });

  test('to a service of the pod itself comes in by the pod’s own listener and policy', async () => {
    const address = ownAddress();
    const program = net.createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nself'));
    program.listen(8080, address);
    stops.push(() => program.close());
    const grant = (path: string) => ({
      rule: 'default/self',
      identities: [identity],
      to: [{ transport: 'TCP', anyPort: true, http: { path: { prefix: path } } }],
    });
    const proxy = await redirected([
      client({
        outbound: [listener(80, ['default/self:80'])],
        inbound: [{ address, port: 8080, containerPort: 8080, appAddress: address, appPort: 8080 }],
      }),
      vip('self', 80, '10.96.0.1'),
      endpoints('self', 80, [{ address, port: 8080, identity }]),
      policy('default/client', [grant('/allowed')]),
    ]);
    expect(await proxy.outbound('10.96.0.1', 80, request('/allowed'))).toMatch(/^HTTP\/1.1 200 .*self$/s);
    expect(await proxy.outbound('10.96.0.1', 80, request('/denied'))).toMatch(/^HTTP\/1.1 403 /);
  });

  test('stays as it is while the configuration changes, and new ones see the new', async () => {
    const [old, other] = [await namedServer('old'), await namedServer('new')];
    stops.push(old.close, other.close);
    const resources = (targets: Record<string, number>) => [
      client({ outbound: [listener(80, ['default/store:80'])] }),
      service('store', 80, targets, { hosts: ['store.default', '10.96.0.1'] }),
      endpoints('old', 80, [old]),
      endpoints('new', 80, [other]),
    ];
    const proxy = await redirected(resources({ old: 1 }));
    const socket = await proxy.open({ address: '10.96.0.1', port: 80 }, request('/', 'store', ''));
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    await until(() => text.endsWith('old'), 'the first answer');
    await proxy.apply(resources({ new: 1 }));
    socket.write(request('/', 'store', ''));
    await until(() => text.endsWith('new'), 'an answer by the new rules on the same connection');
    // A service that is gone takes nobody any more; what is open ends by itself.
    await proxy.apply([client({})]);
    expect(await proxy.outbound('10.96.0.1', 80, request())).toBe('');
    socket.destroy();
  });
});
