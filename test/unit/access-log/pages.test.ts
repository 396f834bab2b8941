import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { servePages } from '../../../src/access-log/pages.ts';
import { MetricsRegistry } from '../../../src/telemetry/registry.ts';
import { TapHub } from '../../../src/telemetry/tap.ts';
import { freePorts } from '../../support/free-ports.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

const address = '127.0.0.1';
const failed = {
  address: { socket_address: { address: '10.0.0.1', port_value: 80 } },
  health_status: { failed_outlier_check: true },
};
const clusters = JSON.stringify({ cluster_statuses: [{ name: 'shop/store:80', host_statuses: [failed] }] });

/** The pages of a pod, and the admin endpoint of its Envoy, whose answers wait until they are given. */
async function pages() {
  const waiting: ServerResponse[] = [];
  const envoy = createServer((_, response) => void waiting.push(response));
  await new Promise<void>((resolve) => envoy.listen(0, address, resolve));
  ends.push(() => envoy.close());
  const [admin = 0, metrics = 0] = await freePorts(2);
  const close = await servePages({
    admin: { address, port: admin },
    envoy: { address, port: (envoy.address() as AddressInfo).port },
    metrics: [{ address, port: metrics }],
    counted: { registry: new MetricsRegistry(), workload: 'shop/a', startedAt: 0 },
    taps: new TapHub(),
  });
  ends.push(close);
  const ask = async () => {
    const answer = await fetch(`http://${address}:${metrics}/ejections`);
    return { status: answer.status, body: await answer.text() };
  };
  /** All in one packet, so that all are there before the first is answered. */
  const askAtOnce = (times: number) => {
    const socket = connect(metrics, address);
    const one = 'GET /ejections HTTP/1.1\r\nhost: pod\r\n';
    socket.write(`${`${one}\r\n`.repeat(times - 1)}${one}connection: close\r\n\r\n`);
    return text(socket);
  };
  return { waiting, ask, askAtOnce };
}

test('who is ejected is asked of Envoy once, however many want to know meanwhile', async () => {
  const { waiting, ask, askAtOnce } = await pages();
  const first = askAtOnce(20);
  await expect.poll(() => waiting.length).toBe(1);
  waiting[0]!.end(clusters);
  const ejections = [{ cluster: 'shop/store:80', endpoint: '10.0.0.1:80' }];
  const answers = (await first).split('HTTP/1.1 200 ').slice(1);
  expect(answers).toHaveLength(20);
  for (const answer of answers) expect(answer).toContain(JSON.stringify({ workload: 'shop/a', ejections }));
  // Who asks later is told what is so then.
  const later = ask();
  await expect.poll(() => waiting.length).toBe(2);
  waiting[1]!.end('{}');
  expect(JSON.parse((await later).body)).toEqual({ workload: 'shop/a', ejections: [] });
});

test('an Envoy that does not answer is said to be so, in time, and is asked again', async () => {
  const { waiting, ask } = await pages();
  expect(await ask()).toEqual({ status: 503, body: 'Envoy does not answer\n' });
  const again = ask();
  await expect.poll(() => waiting.length).toBe(2);
  waiting[1]!.end('{}');
  expect((await again).status).toBe(200);
});
