import { describe, expect, test } from 'vitest';
import { OutlierDetector, OutlierRecord, type OutlierSettings } from '../../../../src/proxy/upstream/outlier.ts';

const settings: OutlierSettings = {
  consecutiveFailures: 3,
  successRatePercent: 0,
  successRateMinRequests: 10,
  intervalMillis: 1_000,
  ejectionMillis: 100,
  maxEjectionMillis: 350,
  maxEjectedPercent: 50,
};

function world(count: number, changes: Partial<OutlierSettings> = {}) {
  const endpoints = Array.from({ length: count }, (_, id) => ({ id, outlier: new OutlierRecord() }));
  const events: string[] = [];
  const probes = new Map<number, (ok: boolean, now: number) => void>();
  const detector = new OutlierDetector<(typeof endpoints)[number]>({
    probe: ({ id }, done) => {
      events.push(`probe ${id}`);
      probes.set(id, done);
    },
    ejected: ({ id }) => events.push(`ejected ${id}`),
    returned: ({ id }) => events.push(`returned ${id}`),
    probed: (ok) => events.push(ok ? 'ok' : 'failed'),
  });
  detector.watch(endpoints, { ...settings, ...changes });
  const fail = (index: number, times: number, now: number) => {
    for (let i = 0; i < times; i++) detector.failed(endpoints[index]!, now);
  };
  const answer = (index: number, ok: boolean, now: number) => probes.get(index)!(ok, now);
  return { endpoints, events, detector, fail, answer };
}

describe('outlier detection', () => {
  test('ejects after so many failures in a row, and a success ends the row', () => {
    const { endpoints, events, detector, fail } = world(4);
    fail(0, 2, 0);
    detector.succeeded(endpoints[0]!);
    fail(0, 2, 0);
    expect(events).toEqual([]);
    fail(0, 1, 0);
    expect(events).toEqual(['ejected 0']);
    expect(endpoints[0]!.outlier).toMatchObject({ ejectedAt: 0, ejectedUntil: 100, reason: '3 failures in a row' });
    fail(0, 5, 0);
    expect(events).toEqual(['ejected 0']);
  });

  test('lets an endpoint back only after a probe, and doubles the time as long as probes fail', () => {
    const { endpoints, events, detector, fail, answer } = world(2);
    fail(0, 3, 0);
    detector.tick(99);
    expect(events).toEqual(['ejected 0']);
    detector.tick(100);
    detector.tick(1_000);
    expect(events).toEqual(['ejected 0', 'probe 0']);
    answer(0, false, 1_000);
    detector.tick(1_199);
    expect(events.slice(2)).toEqual(['failed']);
    detector.tick(1_200);
    answer(0, false, 1_200);
    expect(endpoints[0]!.outlier.ejectedUntil).toBe(1_550);
    detector.tick(1_550);
    answer(0, true, 1_551);
    expect(events.slice(3)).toEqual(['probe 0', 'failed', 'probe 0', 'ok', 'returned 0']);
    expect(endpoints[0]!.outlier.state).toBe('in');
  });

  test('doubles the time of an ejection that follows soon, and begins anew after a good while', () => {
    const { endpoints, detector, fail, answer } = world(2);
    const lengths = [];
    for (const start of [0, 150, 400, 2_000]) {
      fail(0, 3, start);
      lengths.push(endpoints[0]!.outlier.ejectedFor);
      detector.tick(start + endpoints[0]!.outlier.ejectedFor);
      answer(0, true, start + endpoints[0]!.outlier.ejectedFor);
    }
    expect(lengths).toEqual([100, 200, 350, 100]);
  });

  test('never has more out than the maximum, but may always eject one', () => {
    const { events, fail } = world(4);
    for (const index of [0, 1, 2, 3]) fail(index, 3, 0);
    expect(events).toEqual(['ejected 0', 'ejected 1']);
    const single = world(1, { maxEjectedPercent: 0 });
    single.fail(0, 3, 0);
    expect(single.events).toEqual(['ejected 0']);
  });

  test('ejects for a bad share of successes in an interval with enough requests', () => {
    const { endpoints, events, detector } = world(4, { consecutiveFailures: 0, successRatePercent: 80 });
    const ask = (index: number, good: number, bad: number) => {
      for (let i = 0; i < good; i++) detector.succeeded(endpoints[index]!);
      for (let i = 0; i < bad; i++) detector.failed(endpoints[index]!, 0);
    };
    detector.tick(0);
    ask(0, 7, 3);
    ask(1, 8, 2);
    ask(2, 1, 8);
    detector.tick(999);
    expect(events).toEqual([]);
    detector.tick(1_000);
    expect(events).toEqual(['ejected 0']);
    ask(2, 1, 0);
    detector.tick(2_000);
    expect(events).toEqual(['ejected 0', 'probe 0']);
  });

  test('switched off lets everybody back, and a probe that is still under way changes nothing', () => {
    const { endpoints, events, detector, fail, answer } = world(4);
    fail(0, 3, 0);
    fail(1, 3, 0);
    detector.tick(100);
    detector.watch(endpoints, undefined);
    expect(events.slice(-2)).toEqual(['returned 0', 'returned 1']);
    answer(0, false, 200);
    fail(2, 100, 200);
    detector.tick(10_000);
    expect(endpoints.map(({ outlier }) => outlier.state)).toEqual(['in', 'in', 'in', 'in']);
    expect(events).toHaveLength(6);
  });

  test('keeps what it knows when the list changes, and does not eject who is no longer listed', () => {
    const { endpoints, events, detector, fail } = world(4);
    fail(0, 3, 0);
    fail(1, 2, 0);
    detector.watch(endpoints.slice(0, 3), settings);
    fail(1, 1, 0);
    fail(3, 3, 0);
    expect(endpoints[0]!.outlier.state).toBe('ejected');
    expect(events).toEqual(['ejected 0']);
    detector.watch(endpoints, settings);
    fail(1, 1, 0);
    expect(events).toEqual(['ejected 0', 'ejected 1']);
  });
});
