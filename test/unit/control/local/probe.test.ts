import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { planProbe, runProbe } from '../../../../src/control/local/probe.ts';
import type { ProbeObject } from '../../../../src/kubernetes/types.ts';
import { container } from './fixtures.ts';

const timing = {
  initialDelaySeconds: 0,
  periodSeconds: 0.1,
  timeoutSeconds: 2,
  failureThreshold: 2,
  successThreshold: 1,
};
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(status: (path: string) => number): Promise<number> {
  const server = createServer((request, response) => response.writeHead(status(request.url ?? '')).end());
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function check(probe: Partial<ProbeObject> | undefined, appPort: number): Promise<boolean> {
  const plan = planProbe({
    container: container(probe === undefined ? {} : { readinessProbe: { ...timing, ...probe } }),
    address: '127.0.0.1',
    appPort: (port) => (port === 8080 ? appPort : undefined),
    env: { PATH: process.env.PATH ?? '' },
    cwd: process.cwd(),
  });
  return plan.check();
}

describe('a readiness check', () => {
  test('by HTTP asks the mapped port, and takes 200 to 399 as yes', async () => {
    const port = await serve((path) => (path === '/ok' ? 204 : path === '/moved' ? 302 : 500));
    expect(await check({ httpGet: { path: '/ok', port: 'http', headers: [] } }, port)).toBe(true);
    expect(await check({ httpGet: { path: '/moved', port: 8080, headers: [] } }, port)).toBe(true);
    expect(await check({ httpGet: { path: '/bad', port: 8080, headers: [] } }, port)).toBe(false);
  });

  test('of a port that the container does not have never succeeds', async () => {
    const port = await serve(() => 200);
    expect(await check({ httpGet: { path: '/', port: 'metrics', headers: [] } }, port)).toBe(false);
  });

  test('with a path that HTTP does not allow fails and does not throw', async () => {
    expect(await check({ httpGet: { path: '/a b', port: 8080, headers: [] } }, 1)).toBe(false);
  });

  test('by TCP, and without a probe, connects', async () => {
    const port = await serve(() => 500);
    expect(await check({ tcpSocket: { port: 8080 } }, port)).toBe(true);
    expect(await check(undefined, port)).toBe(true);
    expect(await check(undefined, 1)).toBe(false);
  });

  test('by command takes exit code 0 as yes', async () => {
    expect(await check({ exec: { command: [process.execPath, '-e', ''] } }, 1)).toBe(true);
    expect(await check({ exec: { command: [process.execPath, '-e', 'process.exit(3)'] } }, 1)).toBe(false);
    expect(await check({ exec: { command: ['/no/such/program'] } }, 1)).toBe(false);
  });
});

describe('readiness over time', () => {
  test('turns after as many answers in a row as the thresholds say', async () => {
    const answers = [false, true, false, true, false, false];
    const turns: boolean[] = [];
    let asked = 0;
    const plan = {
      check: () => Promise.resolve(answers[asked++] ?? false),
      initialDelayMillis: 0,
      periodMillis: 1,
      failureThreshold: 2,
      successThreshold: 1,
    };
    const probe = runProbe(plan, (ready) => turns.push(ready));
    await vi.waitFor(() => expect(turns).toEqual([true, false]), 10_000);
    expect(asked).toBeGreaterThanOrEqual(answers.length);
    probe.stop();
  });
});
