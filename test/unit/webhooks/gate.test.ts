import { expect, test, vi } from 'vitest';
import { Gate } from '../../../src/webhooks/gate.ts';

test('lets so many in at once, the others in their order', async () => {
  const gate = new Gate(1, 2, 60_000);
  const first = await gate.enter();
  const order: string[] = [];
  const second = gate.enter().then((leave) => {
    order.push('second');
    return leave;
  });
  const third = gate.enter().then(() => order.push('third'));
  first?.();
  (await second)?.();
  await third;
  expect(order).toEqual(['second', 'third']);
});

test('refuses when too many wait, and when waiting takes too long; both leave room for others', async () => {
  vi.useFakeTimers();
  try {
    const gate = new Gate(1, 1, 1_000);
    const leave = await gate.enter();
    const late = gate.enter();
    expect(await gate.enter()).toBeUndefined();
    vi.advanceTimersByTime(1_000);
    expect(await late).toBeUndefined();
    leave?.();
    expect(await gate.enter()).toBeDefined();
  } finally {
    vi.useRealTimers();
  }
});
