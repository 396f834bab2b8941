import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { durationsOf, type Rollout, type RolloutStart } from '../../../../src/control/rollouts/rollout.ts';
import { RolloutTracker } from '../../../../src/control/rollouts/tracker.ts';

let tracker: RolloutTracker;
let landed: number[];
beforeEach(() => {
  vi.useFakeTimers({ now: 1_000 });
  landed = [];
  tracker = new RolloutTracker({ onLanded: ({ id }) => landed.push(id) });
});
afterEach(() => {
  tracker.stop();
  vi.useRealTimers();
});

let generation = 0;
const start = (more: Partial<RolloutStart> = {}): RolloutStart => {
  generation += 1;
  return { generation, cause: 'files', changed: [], startedAt: Date.now(), compiledAt: Date.now(), ...more };
};
/** Long enough for whatever was sent because of what happened, and for a proxy to count as resting. */
const rest = () => vi.advanceTimersByTime(200);
const publish = (...nodes: readonly string[]): Rollout => {
  const rollout = tracker.published(start());
  for (const node of nodes) tracker.sent(node);
  vi.advanceTimersByTime(1);
  return rollout;
};

describe('rollouts', () => {
  it('land when every proxy that was sent something has answered it', () => {
    for (const node of ['one', 'two', 'three']) tracker.connected(node);
    rest();
    const rollout = publish('one', 'two');
    expect(tracker.missing(rollout.id)).toEqual(['one', 'two']);
    vi.advanceTimersByTime(10);
    tracker.answered('one');
    vi.advanceTimersByTime(20);
    tracker.answered('two');
    expect(tracker.missing(rollout.id)).toHaveLength(2);
    rest();
    expect(tracker.missing(rollout.id)).toEqual([]);
    expect(landed).toEqual([rollout.id]);
    expect(rollout).toMatchObject({ touched: 2, landed: 2, lost: 0, slowest: [{ node: 'two' }, { node: 'one' }] });
    // The times are those of the answers, not of the moment when they were believed.
    expect(rollout.lastLandedAt! - rollout.publishedAt).toBe(31);
    expect(tracker.progressOf('three')).toEqual(
      expect.objectContaining({ generation: rollout.generation, landedAt: expect.any(Number) }),
    );
  });

  it('wait for a proxy that asks for more as soon as it has answered', () => {
    tracker.connected('one');
    rest();
    const rollout = publish('one');
    tracker.answered('one');
    vi.advanceTimersByTime(20);
    tracker.sent('one');
    rest();
    expect(tracker.missing(rollout.id)).toEqual(['one']);
    tracker.answered('one');
    rest();
    expect(tracker.missing(rollout.id)).toEqual([]);
  });

  it('that change nothing for anybody have landed at once, but not before it is known', () => {
    tracker.connected('one');
    rest();
    const rollout = tracker.published(start());
    expect(tracker.missing(rollout.id)).toEqual(['one']);
    vi.advanceTimersByTime(1);
    expect(tracker.missing(rollout.id)).toEqual([]);
    expect(rollout.touched).toBe(0);
    expect(landed).toEqual([rollout.id]);
  });

  it('do not wait for proxies that leave, and have nothing to do with those that come later', () => {
    tracker.connected('one');
    rest();
    const rollout = publish('one');
    tracker.disconnected('one');
    expect(tracker.missing(rollout.id)).toEqual([]);
    expect(rollout).toMatchObject({ touched: 1, landed: 0, lost: 1 });
    tracker.connected('late');
    expect(tracker.missing(rollout.id)).toEqual(['late']);
    rest();
    expect(tracker.missing(rollout.id)).toEqual([]);
    expect(rollout.landed).toBe(0);
    expect(landed).toEqual([rollout.id]);
  });

  it('are joined by a proxy that comes while they are under way', () => {
    tracker.connected('one');
    rest();
    const rollout = publish('one');
    tracker.connected('two');
    tracker.sent('two');
    tracker.answered('one');
    rest();
    expect(rollout).toMatchObject({ touched: 2, landed: 1 });
    tracker.answered('two');
    rest();
    expect(rollout).toMatchObject({ touched: 2, landed: 2 });
  });

  it('that follow each other land together for a proxy that was slow', () => {
    tracker.connected('one');
    rest();
    const first = publish('one');
    const second = publish();
    tracker.answered('one');
    tracker.sent('one');
    tracker.answered('one');
    rest();
    expect([first.landed, second.landed]).toEqual([1, 1]);
    expect(landed.toSorted()).toEqual([first.id, second.id]);
  });

  it('are kept to a bound', () => {
    for (let count = 0; count < 150; count += 1) publish();
    expect(tracker.rollouts).toHaveLength(100);
    expect(tracker.latest?.id).toBe(150);
  });

  it('tell watchers of several changes at once, until they stop listening', () => {
    let told = 0;
    const unwatch = tracker.watch(() => {
      told += 1;
    });
    tracker.connected('one');
    tracker.connected('two');
    rest();
    const before = told;
    expect(before).toBeGreaterThan(0);
    unwatch();
    publish('one');
    rest();
    expect(told).toBe(before);
  });
});

describe('durations', () => {
  const rollout: Rollout = {
    ...{ id: 1, generation: 1, cause: 'files', changed: [], touched: 1, landed: 1, lost: 0, slowest: [] },
    ...{ savedAt: 100, noticedAt: 150, startedAt: 180, compiledAt: 200, publishedAt: 205 },
    ...{ firstSentAt: 206, lastSentAt: 210, lastLandedAt: 250 },
  };

  it('follow each other without a gap', () => {
    expect(durationsOf(rollout)).toEqual({ watch: 80, compile: 20, push: 10, ack: 40, total: 150 });
  });

  it('are never below zero, whatever the clock of the file system says', () => {
    expect(durationsOf({ ...rollout, savedAt: 190 })).toMatchObject({ watch: 0, total: 60 });
    const { savedAt: _saved, lastSentAt: _sent, lastLandedAt: _landed, ...nothing } = rollout;
    expect(durationsOf(nothing)).toEqual({ compile: 20, push: 5, total: 25 });
  });
});
