import { afterEach, expect, test } from 'vitest';
import { createAuthority } from '../../../../src/identity/authority.ts';
import { spiffeId } from '../../../../src/lib/spiffe.ts';
import { startProxy } from '../../../../src/proxy/index.ts';
import { controlPlane } from '../support/control-plane.ts';
import { answer, type CountingServer, counted, countingServer, request, send, statusOf } from '../support/failing.ts';
import { endpoints, ownAddress, service, until, workload } from '../support/mesh.ts';

const node = 'default/client';
const identity = spiffeId('cluster.local', 'default', 'client');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A client's proxy that is told its policies by a control plane. */
async function steered(server: CountingServer, first: readonly Record<string, unknown>[]) {
  const address = ownAddress();
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const plane = await controlPlane(authority, address);
  const listener = { address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] };
  const resources = (policies: readonly Record<string, unknown>[]) => [
    workload({ name: node, identity, outbound: [listener] }),
    service('store', 80, { store: 1 }, { policies }),
    endpoints('store', 80, [server]),
  ];
  plane.serve(node, resources(first));
  const proxy = await startProxy(
    {
      node,
      admin: { address, port: 0 },
      secret: await authority.issue(identity),
      ads: { address, port: plane.port, serverIdentity: spiffeId('cluster.local', 'smi-mesh', 'controller') },
    },
    { log: () => {} },
  );
  cleanups.push(
    server.close,
    () => plane.server.close(100),
    () => proxy.stop(),
  );
  await proxy.ready;
  const change = async (policies: readonly Record<string, unknown>[]) => {
    const before = proxy.configVersion;
    plane.serve(node, resources(policies));
    await until(() => proxy.configVersion > before, 'the change');
  };
  return { address, change, count: counted(proxy) };
}

test('policies change for requests that begin afterwards, and what a budget has counted stays', async () => {
  const busy = await countingServer(() => answer(503));
  const budget = { budgetPercent: 50, budgetMinPerSecond: 0, budgetWindowMs: 600_000 };
  const retries = { on: { conditions: ['GATEWAY_ERROR'] }, backoffBaseMs: 1, attempts: 5, ...budget };
  const { address, change, count } = await steered(busy, [{ any: true, retries }]);
  for (let i = 0; i < 10; i++) expect(statusOf(await send(address, request()))).toBe(503);
  expect(await count('smi_retries_total')).toBe(5);
  await change([{ any: true, retries: { ...retries, attempts: 4 } }]);
  for (let i = 0; i < 10; i++) await send(address, request());
  expect(await count('smi_retries_total')).toBe(10);
  await change([{ any: true, retries: { ...retries, attempts: 0 } }]);
  for (let i = 0; i < 10; i++) await send(address, request());
  expect(await count('smi_retries_total')).toBe(10);
  await change([{ any: true, faults: { abort: { httpStatus: 418, share: 10_000 } } }]);
  expect(statusOf(await send(address, request()))).toBe(418);
  await change([]);
  expect(statusOf(await send(address, request()))).toBe(503);
});

test('a request under way keeps its policy', async () => {
  const busy = await countingServer((number) => answer(number === 0 ? 503 : 200, '', 'Retry-After: 1\r\n'));
  const retries = { on: { conditions: ['GATEWAY_ERROR'] } };
  const { address, change } = await steered(busy, [{ any: true, retries }]);
  const answered = send(address, request());
  await until(() => busy.requests.length === 1, 'the first try');
  await change([{ any: true, retries: { ...retries, attempts: 0 } }]);
  expect(statusOf(await answered)).toBe(200);
});
