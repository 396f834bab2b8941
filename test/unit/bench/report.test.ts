import { expect, test } from 'vitest';
import { makeReport, median, renderTable, type Sample } from '../../../bench/report.ts';

function sample(cpuMicrosPerRequest: number): Sample {
  return { cpuMicrosPerRequest, requestsPerSecond: 1000, p50Millis: 1.25, p99Millis: 9, rssBytes: 64 * 1024 * 1024 };
}

const samples = new Map([
  ['direct', [sample(0), sample(0), sample(0)]],
  ['envoy', [sample(40), sample(90), sample(44)]],
  ['smi-mesh', [sample(22), sample(20), sample(80)]],
]);

test('the median of an even number of values is the middle of the two in the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2])]).toEqual([2, 2.5]);
});

test('rows are medians in the order of the subjects, and the ratio compares medians', () => {
  const report = makeReport('http1', samples);
  expect(report.rows.map(({ subject, cpuMicrosPerRequest }) => [subject, cpuMicrosPerRequest])).toEqual([
    ['direct', 0],
    ['envoy', 44],
    ['smi-mesh', 22],
  ]);
  expect(report.ratios).toEqual({ cpuToEnvoy: 0.5 });
});

test('the JSON has exactly the agreed fields', () => {
  const report = makeReport('http1', samples);
  expect(Object.keys(report)).toEqual(['name', 'rows', 'ratios']);
  const fields = ['subject', 'cpuMicrosPerRequest', 'requestsPerSecond', 'p50Millis', 'p99Millis', 'rssBytes'];
  for (const row of report.rows) expect(Object.keys(row)).toEqual(fields);
});

test('the table leaves the cost of no proxy open', () => {
  const lines = renderTable(makeReport('http1', samples)).split('\n');
  expect(lines.find((line) => line.includes('direct'))).toMatch(
    /^\| direct +\| +- \| +1000 \| +1\.25 \| +9\.00 \| +- \|$/,
  );
  expect(new Set(lines.slice(0, 5).map((line) => line.length)).size).toBe(1);
});
