import { describe, expect, test } from 'vitest';
import type { RequestRecord } from '../../../src/telemetry/record.ts';
import { parseRecordFilter } from '../../../src/telemetry/record-filter.ts';
import { sampleRecord } from './samples.ts';

function wants(query: string, different: Partial<RequestRecord> = {}): boolean {
  const filter = parseRecordFilter(new URLSearchParams(query));
  if (!filter.ok) throw new Error(filter.error);
  return filter.value(sampleRecord(different));
}

describe('a filter of records', () => {
  test('without conditions wants everything', () => {
    expect(wants('')).toBe(true);
  });

  test.each([
    ['source=buyer', true],
    ['source=default/buyer', true],
    ['source=other/buyer', false],
    ['source=buy*', true],
    ['source=thief&source=buyer', true],
    ['source=spiffe://cluster.local/ns/default/sa/*', true],
    ['destination=bookstore', true],
    ['destination=default/bookstore:80', true],
    ['destination=bookstore-v1', true],
    ['destination=127.0.0.2:*', true],
    ['destination=bookstore-v2', false],
    ['method=get', true],
    ['method=POST', false],
    ['path=/books/*', true],
    ['path=/books', false],
    ['path=*1', true],
    ['status=2xx', true],
    ['status=500-599,200', true],
    ['status=404', false],
    ['verdict=denied', false],
    ['min-millis=12.5', true],
    ['min-millis=13', false],
    ['max-millis=10', false],
    ['direction=inbound', false],
    ['direction=outbound&status=2xx&min-millis=5', true],
    ['direction=outbound&status=5xx&min-millis=5', false],
  ])('%s: %s', (query, expected) => {
    expect(wants(query)).toBe(expected);
  });

  test('a party without identity or name is nobody, whatever the pattern', () => {
    const nobody = { workload: '', namespace: '', service: '', identity: '', address: '10.0.0.1:5' };
    expect(wants('source=buyer*', { source: nobody })).toBe(false);
    expect(wants('source=10.0.0.1:*', { source: nobody })).toBe(true);
  });

  test('no answer is a status of its own', () => {
    expect(wants('status=none', { code: 0 })).toBe(true);
    expect(wants('status=none')).toBe(false);
  });

  test('a header is looked for in request and answer, as they are shown', () => {
    const headers = { requestHeaders: [['x-user', 'ann']], responseHeaders: [['server', 'x']] } as const;
    expect(wants('header=X-User', headers)).toBe(true);
    expect(wants('header=x-user=a*', headers)).toBe(true);
    expect(wants('header=x-user=b*', headers)).toBe(false);
    expect(wants('header=server=x', headers)).toBe(true);
    expect(wants('header=x-user')).toBe(false);
  });

  test.each(['status=abc', 'status=2xx,6xx', 'direction=up', 'min-millis=fast', 'max-millis=-1'])(
    '%s is refused by name',
    (query) => {
      const filter = parseRecordFilter(new URLSearchParams(query));
      expect(filter.ok).toBe(false);
      if (!filter.ok) expect(filter.error).toContain(query.split('=')[0]);
    },
  );
});
