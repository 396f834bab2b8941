import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TimerWheel, WheelTimer } from '../../../src/proxy/timer-wheel.ts';

const granularity = 6;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a timer fires once, not early and within the width of a slot', () => {
  const wheel = new TimerWheel();
  const fired: number[] = [];
  const timer = new WheelTimer(() => fired.push(performance.now()));
  const at = performance.now() + 37;
  wheel.set(timer, at);
  expect(timer.set).toBe(true);
  vi.advanceTimersByTime(10_000);
  expect(fired).toHaveLength(1);
  expect(fired[0]! - at).toBeGreaterThanOrEqual(0);
  expect(fired[0]! - at).toBeLessThan(granularity);
  expect(timer.set).toBe(false);
});

test('nothing set is no timer of the system', () => {
  const wheel = new TimerWheel();
  const timer = new WheelTimer(() => {});
  expect(vi.getTimerCount()).toBe(0);
  wheel.set(timer, performance.now() + 20);
  wheel.clear(timer);
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(0);
});

test('a timer that is set again fires at the later time only', () => {
  const wheel = new TimerWheel();
  const start = performance.now();
  const fired: number[] = [];
  const timer = new WheelTimer(() => fired.push(performance.now() - start));
  wheel.set(timer, start + 20);
  wheel.set(timer, start + 5_000);
  vi.advanceTimersByTime(20_000);
  expect(fired).toHaveLength(1);
  expect(fired[0]).toBeGreaterThanOrEqual(5_000);
  expect(fired[0]).toBeLessThan(5_000 + granularity);
});

test('a timer may set itself and others while it fires', () => {
  const wheel = new TimerWheel();
  let left = 5;
  const again: WheelTimer = new WheelTimer(() => {
    if (--left > 0) wheel.set(again, performance.now());
  });
  const victim = new WheelTimer(() => expect.unreachable());
  const killer = new WheelTimer(() => wheel.clear(victim));
  const at = performance.now() + 10;
  wheel.set(again, at);
  // Timers of one slot fire newest first.
  wheel.set(victim, at);
  wheel.set(killer, at);
  vi.advanceTimersByTime(1_000);
  expect(left).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('stopped, nothing fires', () => {
  const wheel = new TimerWheel();
  wheel.set(new WheelTimer(() => expect.unreachable()), performance.now() + 5);
  wheel.stop();
  vi.advanceTimersByTime(100);
});

test('whatever is set, moved and cleared in whatever order, each fires once, in time, or not at all', () => {
  const step = fc.record({
    timer: fc.nat(7),
    action: fc.constantFrom('set', 'clear', 'wait'),
    millis: fc.oneof(fc.nat(30), fc.nat(5_000)),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const wheel = new TimerWheel();
      const expected: (number | undefined)[] = [];
      const timers = Array.from({ length: 8 }, (_, index) => {
        return new WheelTimer(() => {
          const late = performance.now() - expected[index]!;
          expect(late).toBeGreaterThanOrEqual(0);
          expect(late).toBeLessThan(granularity);
          expected[index] = undefined;
        });
      });
      for (const { timer, action, millis } of steps) {
        if (action === 'wait') vi.advanceTimersByTime(millis);
        else if (action === 'set') {
          expected[timer] = performance.now() + millis;
          wheel.set(timers[timer]!, expected[timer]!);
        } else {
          expected[timer] = undefined;
          wheel.clear(timers[timer]!);
        }
      }
      vi.advanceTimersByTime(10_000);
      expect(expected.every((time) => time === undefined)).toBe(true);
      expect(vi.getTimerCount()).toBe(0);
    }),
  );
});
