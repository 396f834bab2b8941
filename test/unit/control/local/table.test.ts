import { describe, expect, test } from 'vitest';
import { parseMetrics } from '../../../../src/control/local/metrics-scrape.ts';
import { buildTable, countTraffic, type PodScrape } from '../../../../src/control/local/table.ts';

const labels = (backend: string) =>
  `direction="outbound",source="default/buyer-0",destination="default/store:80",backend="default/${backend}"`;

function scrapeOf(text: string, source = 'default/buyer'): PodScrape {
  return { pod: `${source}-0`, source, samples: parseMetrics(text) };
}

const none = countTraffic([]);

describe('reading metrics', () => {
  test('understands labels with quotes, commas and braces, and leaves out comments', () => {
    const text = '# HELP a b\na{x="1,\\"}{2",y="\\\\n\\n"} 3.5\nb 4 1700000000\nnot a sample\n';
    expect(parseMetrics(text)).toEqual([
      { name: 'a', labels: { x: '1,"}{2', y: '\\n\n' }, value: 3.5 },
      { name: 'b', labels: {}, value: 4 },
    ]);
  });
});

describe('the traffic table', () => {
  const counted = countTraffic([
    scrapeOf(
      [
        `smi_requests_total{${labels('v1')},code="200",verdict="forwarded"} 180`,
        `smi_requests_total{${labels('v2')},code="200",verdict="forwarded"} 10`,
        `smi_requests_total{${labels('v2')},code="403",verdict="forwarded"} 6`,
        `smi_requests_total{${labels('v2')},code="503",verdict="failed"} 4`,
        'smi_requests_total{direction="inbound",source="x",destination="y",backend="",code="200",verdict="allowed"} 99',
      ].join('\n'),
    ),
  ]);
  const wanted = [
    { root: 'default/store', port: 80, rule: 0, backend: 'default/v1', backendPort: 80, weight: 9, total: 10 },
    { root: 'default/store', port: 80, rule: 0, backend: 'default/v2', backendPort: 80, weight: 1, total: 10 },
  ];

  test('shows rate, success, denials and shares of what clients sent', () => {
    expect(buildTable(none, counted, 10, wanted)).toMatchObject([
      {
        backend: 'default/v1',
        requests: 180,
        requestsPerSecond: 18,
        successPercent: 100,
        seenPercent: 90,
        wantedPercent: 90,
      },
      { backend: 'default/v2', requests: 20, successPercent: 50, denied: 6, seenPercent: 10, wantedPercent: 10 },
    ]);
  });

  test('names no wanted share where several rules govern a port', () => {
    const second = { ...wanted[0]!, rule: 1 };
    expect(buildTable(none, counted, 10, [...wanted, second])[0]).not.toHaveProperty('wantedPercent');
  });

  test('covers only what came between two counts', () => {
    const later = countTraffic([scrapeOf(`smi_requests_total{${labels('v1')},code="200",verdict="forwarded"} 200`)]);
    expect(buildTable(counted, later, 2, [])).toMatchObject([{ requests: 20, requestsPerSecond: 10 }]);
  });

  test('takes a sidecar that began anew as it is', () => {
    const restarted = countTraffic([scrapeOf(`smi_requests_total{${labels('v1')},code="200",verdict="forwarded"} 5`)]);
    expect(buildTable(counted, restarted, 1, [])).toMatchObject([{ requests: 5 }]);
  });

  test('adds up the pods of one Deployment', () => {
    const one = `smi_requests_total{${labels('v1')},code="200",verdict="forwarded"} 5`;
    expect(buildTable(none, countTraffic([scrapeOf(one), scrapeOf(one)]), 1, [])).toMatchObject([{ requests: 10 }]);
  });

  test('interpolates quantiles within their bucket', () => {
    const bucket = (le: string, count: number) =>
      `smi_request_duration_seconds_bucket{${labels('v1')},le="${le}"} ${count}`;
    const text = [
      `smi_requests_total{${labels('v1')},code="200",verdict="forwarded"} 100`,
      bucket('0.001', 50),
      bucket('0.002', 100),
      bucket('+Inf', 100),
    ].join('\n');
    const [row] = buildTable(none, countTraffic([scrapeOf(text)]), 1, []);
    expect(row?.p50Millis).toBeCloseTo(1);
    expect(row?.p95Millis).toBeCloseTo(1.9);
  });
});
