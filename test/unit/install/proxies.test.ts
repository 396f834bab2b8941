import { expect, test } from 'vitest';
import { checkProxies } from '../../../src/install/checks/proxies.ts';
import type { ProxyStanding } from '../../../src/install/checks/standing.ts';
import type { Connection } from '../../../src/kubernetes-client/connect.ts';
import { err, ok } from '../../../src/lib/result.ts';

const now = 100_000;
const check = (proxies: readonly ProxyStanding[], absent: readonly string[] = []) =>
  checkProxies({
    ...{ connection: {} as Connection, namespace: 'smi-mesh-system', now },
    proxies: () => Promise.resolve(ok({ proxies, absent })),
  });
const synced = { node: 'default/a', state: 'synced', refused: [] } as const;

test('proxies that have everything are counted', async () => {
  expect(await check([synced, { ...synced, node: 'default/b' }])).toEqual([
    { group: 'proxies', status: 'ok', message: '2 of 2 proxies have taken all of their configuration' },
  ]);
});

test('a refusal is told once with its reason, and what does not arrive with the proxies that wait', async () => {
  const refused = [{ resource: 'route shop', detail: 'regex too long' }];
  const results = await check(
    [
      synced,
      { node: 'default/b', state: 'refused', refused },
      { node: 'default/c', state: 'refused', refused },
      { node: 'default/d', state: 'waiting', since: now - 500, refused: [] },
      { node: 'default/e', state: 'waiting', since: now - 20_000, refused: [] },
    ],
    ['default/f'],
  );
  expect(results.map(({ status, message }) => `${status}: ${message}`)).toEqual([
    'ok: 1 of 5 proxies have taken all of their configuration',
    'error: default/b, default/c refused configuration: route shop: regex too long',
    'warning: proxies that lack configuration for longer than 10 s: default/e',
    'warning: sidecars that are connected to no replica: default/f',
  ]);
});

test('where nobody can be asked that is said, and no proxy is judged', async () => {
  const context = { connection: {} as Connection, namespace: 'smi-mesh-system', now };
  const results = await checkProxies({ ...context, proxies: () => Promise.resolve(err('no controller is ready')) });
  expect(results).toMatchObject([{ status: 'skipped', message: 'no controller is ready' }]);
  expect(await checkProxies(context)).toEqual([]);
});
