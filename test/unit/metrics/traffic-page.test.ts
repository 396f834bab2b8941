import { expect, test } from 'vitest';
import { err, ok } from '../../../src/lib/result.ts';
import type { MetricsSource } from '../../../src/metrics/contract.ts';
import { trafficPage } from '../../../src/metrics/traffic-page.ts';

const source: MetricsSource = {
  report: async (windowMillis, now) =>
    ok({ windowSeconds: windowMillis / 1000, observedSeconds: 1, at: now, measuredBy: 'collector', series: [] }),
};
const page = trafficPage(source, () => undefined);

async function ask(query: string) {
  const { status, body } = await page(new URLSearchParams(query), 7);
  return { status, value: JSON.parse(body) };
}

test('the page answers with a report, or with its summary by one kind', async () => {
  expect(await ask('')).toMatchObject({ status: 200, value: { windowSeconds: 30, at: 7, series: [] } });
  expect(await ask('window=2m')).toMatchObject({ value: { windowSeconds: 120 } });
  expect(await ask('window=5s&by=pods')).toMatchObject({ value: { by: 'pods', edges: [], windowSeconds: 5 } });
});

test('the page refuses what it cannot answer', async () => {
  expect(await ask('window=soon')).toMatchObject({ status: 400 });
  expect(await ask('window=10ms')).toMatchObject({ status: 400 });
  expect(await ask('by=toString')).toMatchObject({ status: 400 });
  const failing = trafficPage({ report: async () => err('nobody answers') }, () => undefined);
  expect(await failing(new URLSearchParams(), 0)).toMatchObject({ status: 503, body: '{"error":"nobody answers"}\n' });
});
