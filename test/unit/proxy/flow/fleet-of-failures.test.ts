import { afterEach, expect, test } from 'vitest';
import { answer, clientProxy, countingServer, refusing, request, send, statusOf } from '../support/failing.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Treat = Parameters<typeof countingServer>[0];

/** One of two instances fails in the way named. Ejection is off, so that every failure meets the retries. */
const failing: readonly (readonly [string, Treat | undefined, string])[] = [
  ['takes no connections', undefined, 'connect-failure'],
  ['is killed with a request', (_, socket) => void socket.resetAndDestroy(), 'reset'],
  ['closes without an answer', (_, socket) => void socket.destroy(), 'reset'],
  ['ends its side and says nothing', (_, socket) => void socket.end(), 'reset'],
  ['breaks off within the head of an answer', (_, socket) => void socket.end('HTTP/1.1 200 OK\r\nX: '), 'reset'],
  ['answers nonsense', () => 'hello\r\n\r\n', 'reset'],
  ['hangs', () => undefined, 'per-try-timeout'],
  ['is slow', (_, socket) => void setTimeout(() => socket.write(answer(200, 'late')), 3_000), 'per-try-timeout'],
  ['answers 503', () => answer(503), 'gateway-error'],
  ['answers 502 and closes', (_, socket) => void socket.end(answer(502)), 'gateway-error'],
];

test.each(failing)('a client sees nothing of an instance that %s', async (name, treat, reason) => {
  const bad = treat === undefined ? undefined : await countingServer(treat);
  const good = await countingServer(() => answer(200, 'good'));
  const policies = [
    {
      any: true,
      ...(reason === 'per-try-timeout' ? { timeouts: { perTryMs: 500 } } : {}),
      retries: {
        on: { conditions: ['CONNECT_FAILURE', 'RESET', 'GATEWAY_ERROR', 'PER_TRY_TIMEOUT'] },
        budgetPercent: 100,
        backoffBaseMs: 1,
        backoffMaxMs: 1,
      },
    },
  ];
  const clusterPolicy = {
    policy: { loadBalancer: { algorithm: 'ROUND_ROBIN' }, outlierDetection: { consecutiveFailures: 0 } },
  };
  const client = await clientProxy([bad ?? (await refusing()), good], policies, [], {}, clusterPolicy);
  cleanups.push(
    () => bad?.close(),
    good.close,
    () => client.proxy.stop(),
  );
  const requests = reason === 'per-try-timeout' ? 5 : 12;
  let failures = 0;
  for (let i = 0; i < requests; i++) if (!(await send(client.address, request())).endsWith('good')) failures++;
  const retries = await client.count('smi_retries_total', `reason="${reason}"`);
  console.log(`${name}: ${requests} requests, ${failures} failures seen by the client, ${retries} mesh retries`);
  expect(failures).toBe(0);
  expect(retries).toBeGreaterThan(0);
  expect(await client.count('smi_retries_total')).toBe(retries);
  expect(good.requests).toHaveLength(requests);
  expect(bad?.requests.length ?? retries).toBe(retries);
  expect(await client.count('smi_requests_total', 'code="200",verdict="forwarded"')).toBe(requests);
  expect(await client.count('smi_retry_budget_exhausted_total')).toBe(0);
});

test('a program that takes no connections behind its proxy costs no request, of any method', async () => {
  const unsent = await countingServer(() => answer(503, '', 'x-smi-unsent: true\r\n'));
  const good = await countingServer(() => answer(200, 'good'));
  const client = await clientProxy([unsent, good]);
  cleanups.push(unsent.close, good.close, () => client.proxy.stop());
  for (let i = 0; i < 12; i++) expect(statusOf(await send(client.address, request('POST', '', 'body')))).toBe(200);
  expect(unsent.requests.length).toBe(await client.count('smi_retries_total', 'reason="connect-failure"'));
  expect(good.requests).toHaveLength(12);
});
