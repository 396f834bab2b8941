import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RequestBudget } from '../../../src/xds/request-budget.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

it('ten seconds of requests may come at once; then they are read at the rate that is allowed', () => {
  let paused = false;
  const source = {
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
    },
  };
  const budget = new RequestBudget(source, 10);
  let read = 0;
  const readAll = () => {
    while (!paused && read < 1000) {
      budget.spend();
      read += 1;
    }
  };
  readAll();
  expect(read).toBe(100);
  for (let tenths = 0; tenths < 50; tenths += 1) {
    vi.advanceTimersByTime(100);
    readAll();
  }
  expect(read).toBe(150);
  vi.advanceTimersByTime(60_000);
  readAll();
  expect(read).toBe(250);
  budget.close();
});
