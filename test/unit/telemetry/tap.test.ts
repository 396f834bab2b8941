import { describe, expect, test } from 'vitest';
import type { RequestRecord } from '../../../src/telemetry/record.ts';
import { TapHub } from '../../../src/telemetry/tap.ts';
import { parseTapRequest } from '../../../src/telemetry/tap-request.ts';
import { sampleRecord } from './samples.ts';

function asked(query: string) {
  const request = parseTapRequest(new URLSearchParams(query));
  if (!request.ok) throw new Error(request.error);
  return request.value;
}

const withHeaders = {
  requestHeaders: [
    ['authorization', 'Bearer secret'],
    ['cookie', 'id=secret'],
    ['x-key', 'secret'],
    ['accept', '*/*'],
  ],
  responseHeaders: [
    ['set-cookie', 'id=secret'],
    ['server', 'x'],
  ],
} as const;

describe('a tap hub', () => {
  test('is idle until somebody looks, and again when the last has gone', () => {
    const hub = new TapHub();
    expect(hub.idle).toBe(true);
    const first = hub.open(asked(''), () => true);
    const second = hub.open(asked('headers=true'), () => true);
    expect([hub.idle, hub.wantsHeaders]).toEqual([false, true]);
    second?.close();
    expect([hub.idle, hub.wantsHeaders]).toEqual([false, false]);
    first?.close();
    expect(hub.idle).toBe(true);
  });

  test('admits only so many', () => {
    const hub = new TapHub(1);
    expect(hub.open(asked(''), () => true)).toBeDefined();
    expect(hub.open(asked(''), () => true)).toBeUndefined();
  });

  test('gives each onlooker what its filter wants, and headers only to who asked', () => {
    const hub = new TapHub();
    const errors: RequestRecord[] = [];
    const all: RequestRecord[] = [];
    hub.open(asked('status=5xx'), (record) => errors.push(record) > 0);
    hub.open(asked('headers=true'), (record) => all.push(record) > 0);
    hub.offer(sampleRecord(withHeaders));
    hub.offer(sampleRecord({ ...withHeaders, code: 503 }));
    expect(errors.map(({ code }) => code)).toEqual([503]);
    expect(errors[0]).not.toHaveProperty('requestHeaders');
    expect(all).toHaveLength(2);
  });

  test('never shows secrets, nor what the onlooker wants hidden, and filters cannot find them out', () => {
    const hub = new TapHub();
    const seen: RequestRecord[] = [];
    const found: RequestRecord[] = [];
    hub.open(asked('headers=true&redact=X-Key,x-other'), (record) => seen.push(record) > 0);
    hub.open(asked('header=authorization=Bearer*'), (record) => found.push(record) > 0);
    hub.offer(sampleRecord(withHeaders));
    expect(JSON.stringify(seen)).not.toContain('secret');
    expect(seen[0]?.requestHeaders).toContainEqual(['accept', '*/*']);
    expect(seen[0]?.responseHeaders).toContainEqual(['server', 'x']);
    expect(found).toEqual([]);
  });

  test('counts what it leaves out by rate and share, and what the onlooker has no room for', () => {
    let now = 0;
    let random = 0.4;
    const hub = new TapHub(
      8,
      () => now,
      () => random,
    );
    const tap = hub.open(asked('max-per-second=2&share=50'), () => now < 5_000);
    for (let i = 0; i < 3; i++) hub.offer(sampleRecord());
    expect(tap).toMatchObject({ skipped: 1, dropped: 0 });
    now = 1_000;
    hub.offer(sampleRecord());
    random = 0.6;
    hub.offer(sampleRecord());
    expect(tap).toMatchObject({ skipped: 2, dropped: 0 });
    now = 5_000;
    random = 0;
    hub.offer(sampleRecord());
    expect(tap).toMatchObject({ skipped: 2, dropped: 1 });
  });

  test.each(['methd=GET', 'share=0', 'share=101', 'share=', 'max-per-second=0', 'headers=yes', 'status=x'])(
    '%s is refused',
    (query) => {
      expect(parseTapRequest(new URLSearchParams(query)).ok).toBe(false);
    },
  );
});
