import dgram from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../../src/identity/authority.ts';
import { spiffeId } from '../../../../src/lib/spiffe.ts';
import { type RunningProxy, startProxy } from '../../../../src/proxy/index.ts';
import { endpoints, metrics, ownAddress, policy, service, until, workload } from '../support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const account = (name: string) => spiffeId('cluster.local', 'default', name);

interface DnsServer {
  readonly address: string;
  readonly port: number;
  queries: number;
}

/** Answers every query for an A record with 192.0.2.7 (RFC 1035 4). */
async function dnsServer(): Promise<DnsServer> {
  const socket = dgram.createSocket('udp4');
  socket.bind(0, ownAddress());
  await once(socket, 'listening');
  const { address, port } = socket.address();
  const server: DnsServer = { address, port, queries: 0 };
  socket.on('message', (query, from) => {
    server.queries++;
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 6);
    header.writeUInt16BE(0, 8);
    header.writeUInt16BE(0, 10);
    const question = query.subarray(12, query.indexOf(0, 12) + 5);
    const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
    socket.send(Buffer.concat([header, question, record]), from.port, from.address);
  });
  cleanups.push(() => socket.close());
  return server;
}

/** The client's proxy for an account, and the server's in front of a program; what passes is up to the grant. */
async function mesh(program: { address: string; port: number }, client: string) {
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const serverAddress = ownAddress();
  const clientAddress = ownAddress();
  const grant = {
    rule: 'default/resolvers',
    identities: [account('resolver')],
    to: [{ transport: 'UDP', ports: [53], anyHttp: true }],
  };
  const start = async (
    node: string,
    name: string,
    address: string,
    resources: Parameters<typeof startProxy>[0]['resources'],
  ) => {
    const admin = { address, port: 0 };
    const bootstrap = { node, admin, secret: await authority.issue(account(name)), resources: resources ?? [] };
    const proxy = await startProxy(bootstrap, { log: () => {} });
    cleanups.push(() => proxy.stop());
    await proxy.ready;
    return proxy;
  };
  const server = await start('default/dns-0', 'dns', serverAddress, [
    workload({
      name: 'default/dns-0',
      identity: account('dns'),
      inboundPolicy: 'default/dns',
      inbound: [
        {
          address: serverAddress,
          port: 15053,
          containerPort: 53,
          protocol: 'UDP',
          appAddress: program.address,
          appPort: program.port,
        },
      ],
    }),
    policy('default/dns', [grant]),
  ]);
  const proxy = await start('default/client', client, clientAddress, [
    workload({
      name: 'default/client',
      identity: account(client),
      outbound: [{ address: clientAddress, port: 20053, protocol: 'UDP', services: ['default/dns:53/udp'] }],
    }),
    {
      ...service('dns', 53, {}),
      name: 'default/dns:53/udp',
      protocol: 'UDP',
      rules: [{ weighted: { targets: [{ endpoints: 'default/dns:53/udp', weight: 1 }] } }],
    },
    {
      ...endpoints('dns', 53, [{ address: serverAddress, port: 15053, identity: account('dns') }]),
      name: 'default/dns:53/udp',
    },
  ]);
  return { proxy, server, address: clientAddress, port: 20053 };
}

function resolverOf({ address, port }: { address: string; port: number }): Resolver {
  const resolver = new Resolver({ timeout: 5_000, tries: 2 });
  resolver.setServers([`${address}:${port}`]);
  cleanups.push(() => resolver.cancel());
  return resolver;
}

const verdicts = async (proxy: RunningProxy) =>
  [...(await metrics(proxy)).matchAll(/smi_udp_flows_total\{.*verdict="([a-z]+)"\} (\d+)/g)].map(
    ([, verdict, count]) => [verdict, Number(count)],
  );

describe('UDP between sidecars', () => {
  test('DNS queries are answered through two sidecars, within mutual TLS', async () => {
    const dns = await dnsServer();
    const { proxy, server, address, port } = await mesh(dns, 'resolver');
    const resolver = resolverOf({ address, port });
    const names = Array.from({ length: 20 }, (_, index) => `name-${index}.example`);
    const answers = await Promise.all(names.map((name) => resolver.resolve4(name)));
    expect(answers).toEqual(names.map(() => ['192.0.2.7']));
    expect(dns.queries).toBeGreaterThanOrEqual(20);
    expect(await verdicts(proxy)).toEqual([['forwarded', expect.any(Number)]]);
    expect(await verdicts(server)).toEqual([['allowed', expect.any(Number)]]);
    const text = await metrics(server);
    expect(text).toMatch(
      /smi_udp_flows_total\{direction="inbound",.*source_identity="[^"]*resolver",.*rule="default\/resolvers"/,
    );
    expect(text).toMatch(/smi_udp_datagrams_total\{direction="inbound",.*flow="to-server"\} (2[0-9]|[3-9][0-9])/);
  });

  test('who has no grant reaches nobody, on both sides counted as denied', async () => {
    const dns = await dnsServer();
    const { proxy, server, address, port } = await mesh(dns, 'thief');
    const socket = dgram.createSocket('udp4');
    cleanups.push(() => socket.close());
    socket.send(Buffer.from('anything'), port, address);
    await until(async () => (await verdicts(proxy)).length > 0, 'the flow is over');
    expect(await verdicts(proxy)).toEqual([['denied', 1]]);
    expect(await verdicts(server)).toEqual([['denied', 1]]);
    expect(dns.queries).toBe(0);
  });

  test('a program that is not there costs nothing but the datagram', async () => {
    const dns = await dnsServer();
    const gone = { address: dns.address, port: 1 };
    const { proxy, address, port } = await mesh(gone, 'resolver');
    const socket = dgram.createSocket('udp4');
    cleanups.push(() => socket.close());
    for (let i = 0; i < 3; i++) socket.send(Buffer.from('x'), port, address);
    await until(async () => (await verdicts(proxy)).length > 0, 'the flow is open');
    expect(await verdicts(proxy)).toEqual([['forwarded', 1]]);
  });

  test('datagrams of any size come back unchanged', async () => {
    const echo = dgram.createSocket('udp4');
    echo.bind(0, ownAddress());
    await once(echo, 'listening');
    echo.on('message', (bytes, from) => echo.send(bytes, from.port, from.address));
    cleanups.push(() => echo.close());
    const { address, port } = await mesh(echo.address(), 'resolver');
    const socket = dgram.createSocket('udp4');
    cleanups.push(() => socket.close());
    for (const size of [1, 100, 1_400, 9_000, 60_000]) {
      const sent = Buffer.alloc(size, size % 251);
      socket.send(sent, port, address);
      const [received] = (await once(socket, 'message')) as [Buffer];
      expect(received.equals(sent)).toBe(true);
    }
  });
});
