import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { withTap } from '../../../../src/cli/dashboard/tap.ts';
import type { ReachTap } from '../../../../src/cli/tap/reach.ts';
import type { Upstream } from '../../../../src/dashboard/server/upstream.ts';
import { sampleRecord } from '../../telemetry/samples.ts';

const never = new AbortController().signal;
const names = (count: number) => Array.from({ length: count }, (_, index) => `default/web-${index}`);

function upstreamOf(workloads: readonly string[]): Upstream {
  const targets = workloads.map((workload) => ({ workload, addresses: [], owners: [], services: ['default/web'] }));
  return {
    open: async (target) => {
      const body = target === '/targets' ? JSON.stringify({ targets }) : target;
      return { status: 200, type: 'application/json', body: Readable.from([body]) };
    },
  };
}

/** Proxies that tell one record each, and end. */
const told: { workload: string; query: string }[] = [];
const once: ReachTap = async ({ workload }, query, line, ended) => {
  told.push({ workload, query });
  line({ dropped: 0, skipped: 0 });
  line({ record: sampleRecord({ reporter: workload }) });
  ended('');
  return { close: () => undefined };
};

test('the records of all proxies come as one stream, each with its share of what a page can show', async () => {
  told.length = 0;
  const { status, body } = await withTap(upstreamOf(names(4)), once).open('/tap?status=4xx', never);
  expect(status).toBe(200);
  const lines = (await text(body)).split('\n').filter(Boolean);
  expect(lines.map((line) => JSON.parse(line).reporter)).toEqual(names(4));
  expect(told[0]?.query).toBe('status=4xx&max-per-second=100');
});

test('only the proxies of a resource are asked where one is named', async () => {
  told.length = 0;
  const tapped = withTap(upstreamOf(names(300)), once);
  await text((await tapped.open('/tap?of=pod%2Fweb-7', never)).body);
  expect(told.map(({ workload }) => workload)).toEqual(['default/web-7']);
  const refusals = ['/tap', '/tap?of=pod/nobody', '/tap?statsu=403'].map((target) => tapped.open(target, never));
  for (const answer of await Promise.all(refusals)) {
    expect(answer.status).toBe(400);
    expect(JSON.parse(await text(answer.body))).toMatchObject({ error: expect.any(String) });
  }
});

test('proxies are left alone as soon as the page is gone, and others may look then', async () => {
  const closed: string[] = [];
  const lasting: ReachTap = async ({ workload }) => ({ close: () => closed.push(workload) });
  const tapped = withTap(upstreamOf(names(2)), lasting);
  const pages = Array.from({ length: 8 }, () => new AbortController());
  const bodies = await Promise.all(pages.map(({ signal }) => tapped.open('/tap', signal)));
  expect((await tapped.open('/tap', never)).status).toBe(429);
  const ended = Promise.all(bodies.map(({ body }) => new Promise((resolve) => body.once('close', resolve))));
  for (const page of pages) page.abort();
  await ended;
  expect(closed).toHaveLength(16);
  for (const _ of names(9)) {
    const { status, body } = await tapped.open('/tap', AbortSignal.abort());
    expect(status).toBe(200);
    if (!body.closed) await new Promise((resolve) => body.once('close', resolve));
  }
});

test('everything else goes to the control plane', async () => {
  expect(await text((await withTap(upstreamOf([]), once).open('/proxies', never)).body)).toBe('/proxies');
  expect((await withTap(upstreamOf([]), once).open('/tap', never)).status).toBe(400);
});
