import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CallerGate } from '../../../../src/control/local/caller-gate.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function mesh() {
  const state = { ready: false, known: false, opened: 0 };
  const server = { id: 'default/server-0', serves: true, knowsReady: () => Promise.resolve(true) };
  const caller = {
    id: 'default/caller-0',
    serves: false,
    ready: false,
    knowsReady: (workloads: ReadonlySet<string>) => Promise.resolve(state.known && workloads.has('default/server-0')),
  };
  const gate = new CallerGate(
    () => [{ ...server, ready: state.ready }, caller],
    () => {
      state.opened += 1;
    },
  );
  gate.start();
  return { state, gate };
}

describe('programs that only call others', () => {
  test('wait until those that serve are ready and their own sidecar knows', async () => {
    const { state, gate } = mesh();
    gate.consider();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(state.opened).toBe(0);
    state.ready = true;
    gate.consider();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(state.opened).toBe(0);
    state.known = true;
    await vi.advanceTimersByTimeAsync(100);
    expect(state.opened).toBe(1);
    gate.stop();
  });

  test('do not wait for ever for a server that does not come', async () => {
    const { state } = mesh();
    await vi.advanceTimersByTimeAsync(25_000);
    expect(state.opened).toBe(1);
  });

  test('do not wait for ever for their sidecar to hear of it', async () => {
    const { state, gate } = mesh();
    state.ready = true;
    gate.consider();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(state.opened).toBe(1);
    expect(gate.open).toBe(true);
  });

  test('start nothing after a stop', async () => {
    const { state, gate } = mesh();
    gate.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(state.opened).toBe(0);
  });
});
