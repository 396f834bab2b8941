import { afterEach, expect, test } from 'vitest';
import { type Authority, createAuthority } from '../../../../src/identity/authority.ts';
import { spiffeId } from '../../../../src/lib/spiffe.ts';
import { type RunningProxy, startProxy } from '../../../../src/proxy/index.ts';
import { answer, type CountingServer, counted, countingServer, request, send, statusOf } from '../support/failing.ts';
import { endpoints, ownAddress, policy, service, until, workload } from '../support/mesh.ts';

const account = (name: string) => spiffeId('cluster.local', 'default', name);
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Pod {
  readonly address: string;
  readonly port: number;
  readonly identity: string;
  readonly program: CountingServer;
  readonly proxy: RunningProxy;
}

/** A program behind its proxy, which lets in whoever has the client's identity. */
async function pod(authority: Authority, name: string, treat: () => string | undefined): Promise<Pod> {
  const program = await countingServer(treat);
  const address = ownAddress();
  const grant = {
    rule: 'default/clients',
    identities: [account('client')],
    to: [{ transport: 'TCP', ports: [80], anyHttp: true }],
  };
  const inbound = { address, port: 14001, containerPort: 80, protocol: 'HTTP', appPort: program.port };
  const proxy = await startProxy(
    {
      node: `default/${name}`,
      admin: { address, port: 0 },
      secret: await authority.issue(account(name)),
      resources: [
        workload({
          name: `default/${name}`,
          identity: account(name),
          inboundPolicy: 'default/store',
          inbound: [{ ...inbound, appAddress: program.address }],
        }),
        policy('default/store', [grant]),
      ],
    },
    { log: () => {} },
  );
  cleanups.push(program.close, () => proxy.stop());
  await proxy.ready;
  return { address, port: 14001, identity: account(name), program, proxy };
}

async function clientOf(
  authority: Authority,
  pods: readonly Pod[],
  policies: readonly Record<string, unknown>[] = [],
  shadows: readonly Pod[] = [],
) {
  const address = ownAddress();
  const listener = { address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] };
  const proxy = await startProxy(
    {
      node: 'default/client',
      admin: { address, port: 0 },
      secret: await authority.issue(account('client')),
      resources: [
        workload({ name: 'default/client', identity: account('client'), outbound: [listener] }),
        service('store', 80, { store: 1 }, { policies }),
        endpoints('store', 80, pods),
        endpoints('shadow', 80, shadows),
      ],
    },
    { log: () => {} },
  );
  cleanups.push(() => proxy.stop());
  await proxy.ready;
  return { address, count: counted(proxy) };
}

test('between two proxies: who calls, what is left of the time, and a mirror that is met by the same rules', async () => {
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const store = await pod(authority, 'store', () => answer(200, 'store'));
  const shadow = await pod(authority, 'shadow', () => answer(200, 'shadow'));
  const policies = [
    { any: true, timeouts: { requestMs: 20_000 }, mirror: { endpoints: 'default/shadow:80', share: 10_000 } },
  ];
  const client = await clientOf(authority, [store], policies, [shadow]);
  expect(await send(client.address, request('POST', 'x-forwarded-client-cert: URI=forged\r\n', 'body'))).toMatch(
    /store$/,
  );
  const seen = store.program.requests[0]!.toLowerCase();
  expect(seen.match(/x-forwarded-client-cert: .*/g)).toEqual([
    `x-forwarded-client-cert: by=${account('store')};uri=${account('client')}`,
  ]);
  const left = Number(/x-smi-deadline-ms: (\d+)/.exec(seen)?.[1]);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(20_000);
  await until(() => shadow.program.requests.length === 1, 'the copy');
  expect(shadow.program.requests[0]).toMatch(/body$/);
  expect(shadow.program.requests[0]!.toLowerCase()).toContain(`by=${account('shadow')};uri=${account('client')}`);
});

test('a deadline that ends at the server’s proxy and at the client’s is met once by the client', async () => {
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const store = await pod(authority, 'store', () => undefined);
  const client = await clientOf(authority, [store], [{ any: true, timeouts: { requestMs: 400 } }]);
  expect(statusOf(await send(client.address, request()))).toBe(504);
  expect(await client.count('smi_requests_total', 'code="504"')).toBe(1);
  await until(() => store.program.sockets.every((socket) => socket.destroyed || socket.readableEnded), 'the end');
});

test('a pod whose program is down costs no request, of any method', async () => {
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const down = await pod(authority, 'down', () => undefined);
  const store = await pod(authority, 'store', () => answer(200, 'store'));
  down.program.close();
  const client = await clientOf(authority, [down, store]);
  for (let i = 0; i < 20; i++) {
    expect(await send(client.address, request('POST', '', 'body'))).toMatch(/store$/);
  }
  expect(store.program.requests).toHaveLength(20);
  const retries = await client.count('smi_retries_total', 'reason="connect-failure"');
  expect(retries).toBeGreaterThan(0);
  expect(await counted(down.proxy)('smi_requests_total', 'code="503"')).toBe(retries);
});
