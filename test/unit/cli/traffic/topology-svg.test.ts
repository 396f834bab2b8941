import { describe, expect, test } from 'vitest';
import { topologySvg } from '../../../../src/cli/traffic/topology-svg.ts';
import type { TrafficEdge, TrafficResource, TrafficSummary } from '../../../../src/metrics/contract.ts';
import { parseXml } from '../../../support/xml.ts';

const deployment = (namespace: string, name: string): TrafficResource => ({ kind: 'Deployment', namespace, name });
const buyer = deployment('default', 'bookbuyer');
const thief = deployment('default', 'bookthief');
const store = deployment('shop', 'bookstore');
const warehouse = deployment('stock', 'bookwarehouse');

function edge(
  source: TrafficResource | null,
  destination: TrafficResource | null,
  success: number,
  failure = 0,
  denied = 0,
): TrafficEdge {
  const latency = { p50Millis: 4, p90Millis: 8, p99Millis: 12 };
  const connections = { carried: 0, refused: 0 };
  return {
    ...{ source, destination, success, failure, denied, latency, connections },
    ...{ side: 'server', codes: {}, retries: 0 },
  };
}

const edges = [
  edge(buyer, store, 2_970, 30),
  edge(thief, store, 0, 600, 600),
  edge(store, warehouse, 300, 12),
  edge(warehouse, store, 3),
  edge(null, store, 1),
  edge(store, store, 5),
];

const summary: TrafficSummary = {
  ...{ windowSeconds: 30, observedSeconds: 30, at: 0, measuredBy: 'collector', by: 'deployments', totals: [], edges },
  proxies: { known: 5, read: 5 },
};

const drawn = (some: readonly TrafficEdge[]) => `${topologySvg(some, summary).join('\n')}\n`;

describe('topology as SVG', () => {
  test('is the picture that people have looked at', async () => {
    await expect(drawn(edges)).toMatchFileSnapshot('../../../../docs/img/topology.svg');
  });

  test('says by text what it draws: every node, call, success, rate and latency', () => {
    const svg = parseXml(drawn(edges));
    const texts = svg.all('text').map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['default', 'shop', 'stock', 'outside', 'bookbuyer', 'bookstore']));
    expect(texts).toEqual(expect.arrayContaining(['99.0% 100.0/s', '0.0% 20.0/s', '96.2% 10.4/s', 'p99 12ms']));
    expect(svg.all('path').filter(({ attributes }) => attributes.class?.startsWith('call'))).toHaveLength(6);
    const [root] = svg.all('svg');
    expect(root?.attributes).toMatchObject({ role: 'img', 'aria-labelledby': 'title desc' });
    expect(svg.all('title').find(({ attributes }) => attributes.id === 'title')?.text).toBe('topology of deployments');
    expect(svg.all('desc')[0]?.text).toContain(
      'bookthief calls shop/bookstore: 0.0% of 20.0/s succeed, p50 4.0ms, p99 12ms, 600 denied (server side)',
    );
  });

  test('is the same in whatever order the edges come', () => {
    const orders = [edges.toReversed(), [...edges.slice(3), ...edges.slice(0, 3)]];
    for (const order of orders) expect(drawn(order)).toBe(drawn(edges));
  });

  test('needs nothing else, and follows the colours of the system', () => {
    const text = drawn(edges);
    expect(text.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|@import|<script|url\((?!#)/);
    expect(text).toContain('@media(prefers-color-scheme:dark)');
  });

  test('escapes every text', () => {
    const evil = deployment('a"><script>b</script>', `<img src=x onerror='1'>&\u0000\ud800`);
    const text = drawn([edge(evil, store, 1), edge({ ...evil, name: `]]>${'long'.repeat(20)}` }, evil, 1)]);
    expect(text).not.toMatch(/<(script|img)/);
    const svg = parseXml(text);
    expect(svg.all('text').map(({ text: own }) => own)).toContain('a"><script>b</script>');
    expect(svg.all('title').map(({ text: own }) => own)).toContain(
      `a"><script>b</script>/<img src=x onerror='1'>&\ufffd\ufffd`,
    );
  });

  test('says that there is no traffic', () => {
    const svg = parseXml(drawn([]));
    expect(svg.all('text').map(({ text }) => text)).toEqual([
      'topology of deployments',
      'last 30 s, by collector, 5 of 5 proxies read: no traffic',
    ]);
  });
});
