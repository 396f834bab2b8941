import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { envoyEjections } from '../../../src/access-log/ejections.ts';
import { EjectionReader } from '../../../src/metrics/ejections.ts';
import type { Ejection } from '../../../src/telemetry/ejections.ts';

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** A sidecar that answers as that of a workload. */
async function sidecar(workload: string, body: string) {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    response.end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { target: { workload, address: '127.0.0.1', port }, asked };
}

const ejection: Ejection = {
  ...{ cluster: 'shop/store:80', endpoint: '10.0.0.1:8080' },
  ...{ since: 1_000, until: 2_000, why: '5 failures in a row' },
};

describe('whom proxies eject', () => {
  test('is asked of all of them, and not again at once', async () => {
    const one = await sidecar('shop/b', JSON.stringify({ workload: 'shop/b', ejections: [ejection] }));
    const other = await sidecar('shop/a', JSON.stringify({ workload: 'shop/a', ejections: [ejection] }));
    const reader = new EjectionReader(() => [one.target, other.target]);
    expect(await reader.report()).toEqual({
      proxies: { known: 2, read: 2 },
      ejections: [
        { ...ejection, proxy: 'shop/a' },
        { ...ejection, proxy: 'shop/b' },
      ],
    });
    await reader.report();
    expect([one.asked, other.asked]).toEqual([['/ejections'], ['/ejections']]);
    reader.close();
  });

  test('is not known of those that do not answer, answer nonsense, or are somebody else', async () => {
    const nonsense = await sidecar('shop/a', 'nonsense');
    const stranger = await sidecar('shop/b', JSON.stringify({ workload: 'shop/z', ejections: [ejection] }));
    const nobody = { workload: 'shop/c', address: '127.0.0.1', port: 9 };
    const reader = new EjectionReader(() => [nonsense.target, stranger.target, nobody]);
    expect(await reader.report()).toEqual({ proxies: { known: 3, read: 0 }, ejections: [] });
    reader.close();
  });
});

test('nobody else is asked once more is known than anybody looks at', async () => {
  const sick = await sidecar('shop/a', JSON.stringify({ workload: 'shop/a', ejections: Array(1_000).fill(ejection) }));
  const reader = new EjectionReader(() => Array<typeof sick.target>(200).fill(sick.target));
  const { proxies, ejections } = await reader.report();
  // Twenty, and those that were under way by then.
  expect(sick.asked.length).toBeGreaterThanOrEqual(20);
  expect(sick.asked.length).toBeLessThanOrEqual(52);
  expect(proxies).toEqual({ known: 200, read: sick.asked.length });
  expect(ejections).toHaveLength(sick.asked.length * 1_000);
  reader.close();
});

describe('whom an Envoy ejects', () => {
  const host = (address: string, failed?: boolean) => ({
    address: { socket_address: { address, port_value: 8080 } },
    health_status: { eds_health_status: 'HEALTHY', ...(failed === undefined ? {} : { failed_outlier_check: failed }) },
  });

  test('is what failed its outlier check, of the clusters of services, once', () => {
    const clusters = {
      cluster_statuses: [
        { name: 'shop/store:80', host_statuses: [host('10.0.0.1', true), host('10.0.0.2'), host('10.0.0.3', false)] },
        { name: 'shop/store:80@near', host_statuses: [host('10.0.0.1', true)] },
        { name: 'shop/other:80@@', host_statuses: [host('fd00::1', true)] },
        { name: 'control-plane', host_statuses: [host('10.0.0.9', true)] },
        { name: 'shop/empty:80' },
      ],
    };
    expect(envoyEjections(JSON.stringify(clusters))).toEqual([
      { cluster: 'shop/store:80', endpoint: '10.0.0.1:8080' },
      { cluster: 'shop/other:80', endpoint: 'fd00::1:8080' },
    ]);
  });

  test('is nobody where there is no cluster', () => {
    expect(envoyEjections('{}')).toEqual([]);
  });
});
