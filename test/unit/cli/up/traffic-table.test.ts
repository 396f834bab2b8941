import { expect, test } from 'vitest';
import { renderTrafficTable } from '../../../../src/cli/up/traffic-table.ts';
import { plainStyle } from '../../../../src/lib/text-style.ts';

const row = {
  source: 'default/bookbuyer',
  destination: 'default/bookstore:14001',
  backend: 'default/bookstore-v1',
  requests: 9_000,
  requestsPerSecond: 90,
  successPercent: 100,
  denied: 0,
  p50Millis: 1.234,
  p95Millis: 12.6,
  p99Millis: 250,
  seenPercent: 89.96,
  wantedPercent: 90,
};

test('a table has aligned columns, and rates and shares as people read them', () => {
  const other = { ...row, source: 'shop/thief', successPercent: 0, denied: 20, requestsPerSecond: 2 };
  expect(renderTrafficTable([row, other], plainStyle)).toEqual([
    'SOURCE      DESTINATION      BACKEND       REQ/S  SUCCESS  DENIED  P50 MS  P95 MS  P99 MS   SHARE  WANTED',
    'bookbuyer   bookstore:14001  bookstore-v1   90.0  100.0 %       0    1.23      13     250  90.0 %  90.0 %',
    'shop/thief  bookstore:14001  bookstore-v1    2.0    0.0 %      20    1.23      13     250  90.0 %  90.0 %',
  ]);
});

test('one failure in many thousands is not rounded away', () => {
  expect(renderTrafficTable([{ ...row, successPercent: 99.9999 }], plainStyle)[1]).toContain('99.99 %');
});

test('a share that no single rule asks for stays empty', () => {
  const { wantedPercent: _, ...without } = row;
  expect(renderTrafficTable([without], plainStyle)[1]).toMatch(/90\.0 % +$/);
});
