import { describe, expect, test } from 'vitest';
import { HealthChecker, type HealthCheckSettings, HealthRecord } from '../../../../src/proxy/upstream/health-check.ts';
import { randomFrom } from '../support/random.ts';

const settings: HealthCheckSettings = {
  path: '/live',
  intervalMillis: 10_000,
  timeoutMillis: 1_000,
  unhealthyAfter: 3,
  healthyAfter: 2,
};

function world(count: number) {
  const endpoints = Array.from({ length: count }, (_, id) => ({ id, health: new HealthRecord() }));
  const pending: { id: number; done: (ok: boolean, now: number) => void }[] = [];
  const changes: number[] = [];
  const checker = new HealthChecker<(typeof endpoints)[number]>(
    { check: ({ id }, _settings, done) => pending.push({ id, done }), changed: ({ id }) => changes.push(id) },
    randomFrom(7),
  );
  checker.watch(endpoints, settings);
  return { endpoints, pending, changes, checker };
}

describe('health checks', () => {
  test('ask each endpoint once an interval, give or take a tenth, and never twice at a time', () => {
    const { pending, checker } = world(3);
    const asked: number[][] = [[], [], []];
    for (let now = 0; now <= 100_000; now += 250) {
      checker.tick(now);
      for (const { id, done } of pending.splice(0)) {
        asked[id]!.push(now);
        if (now < 90_000) done(true, now);
      }
    }
    for (const times of asked) {
      expect(times[0]).toBeLessThanOrEqual(1_250);
      times.slice(1).forEach((time, index) => {
        expect(time - times[index]!).toBeGreaterThanOrEqual(9_000);
        expect(time - times[index]!).toBeLessThanOrEqual(11_250);
      });
      expect(times.length).toBeGreaterThanOrEqual(9);
    }
    expect(new Set(asked.map((times) => times[1]! - times[0]!)).size).toBeGreaterThan(1);
  });

  test('change what an endpoint counts as after so many results in a row', () => {
    const { endpoints, pending, changes, checker } = world(1);
    const { health } = endpoints[0]!;
    let now = 0;
    const seen = [false, false, true, false, false, false, true, false, true, true].map((ok) => {
      now += 20_000;
      checker.tick(now);
      checker.tick(now + 1_001);
      pending.pop()!.done(ok, now);
      return health.healthy;
    });
    expect(seen).toEqual([true, true, true, true, true, false, false, false, false, true]);
    expect(changes).toEqual([0, 0]);
  });

  test('switched off, all count as healthy', () => {
    const { endpoints, pending, checker } = world(1);
    checker.tick(0);
    checker.tick(1_001);
    endpoints[0]!.health.healthy = false;
    checker.watch(endpoints, undefined);
    expect(endpoints[0]!.health.healthy).toBe(true);
    pending.pop()!.done(false, 1_001);
    checker.tick(60_000);
    expect(pending).toEqual([]);
    expect(endpoints[0]!.health.healthy).toBe(true);
  });
});
