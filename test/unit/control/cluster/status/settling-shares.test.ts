import { describe, expect, it } from 'vitest';
import { SettlingShares } from '../../../../../src/control/cluster/status/settling-shares.ts';
import { objectKey } from '../../../../../src/diagnostics/origin.ts';

const split = objectKey('split.smi-spec.io', 'TrafficSplit', 'shop', 'shop');
const weights = (v1: number, v2: number) => new Map([[split, counts(v1, v2)]]);
const counts = (v1: number, v2: number) =>
  new Map([
    ['shop/v1', v1],
    ['shop/v2', v2],
  ]);

function shares() {
  const clock = { now: 0 };
  const settling = new SettlingShares(() => clock.now);
  settling.wanted(weights(1, 0), true);
  return { clock, settling };
}

const percents = (told: ReturnType<SettlingShares['due']>) => told?.map(({ percent }) => percent);

describe('shares of a split while its weights settle', () => {
  it('are not told at the start, nor where weights stay', () => {
    const { settling } = shares();
    settling.wanted(weights(1, 0), false);
    expect(settling.settling).toEqual([]);
    expect(settling.due(split)).toBeUndefined();
  });

  it('are told once at the end when they are as wanted at once', () => {
    const { settling } = shares();
    settling.wanted(weights(90, 10), false);
    settling.counted(split, counts(5_000, 0));
    expect(settling.due(split)).toBeUndefined();
    settling.counted(split, counts(5_905, 95));
    expect(percents(settling.due(split))).toEqual([91, 9]);
    expect(settling.settling).toEqual([]);
    expect(settling.due(split)).toBeUndefined();
  });

  it('are told every ten seconds at most until then', () => {
    const { settling, clock } = shares();
    settling.wanted(weights(50, 50), false);
    settling.counted(split, counts(0, 0));
    settling.counted(split, counts(900, 100));
    expect(percents(settling.due(split))).toEqual([90, 10]);
    clock.now += 9_999;
    settling.counted(split, counts(1_200, 800));
    expect(settling.due(split)).toBeUndefined();
    clock.now += 1;
    expect(percents(settling.due(split))).toEqual([60, 40]);
    clock.now += 10_000;
    expect(settling.due(split)).toBeUndefined();
    expect(settling.settling).toEqual([split]);
    settling.counted(split, counts(5_000, 5_000));
    expect(percents(settling.due(split))).toEqual([50, 50]);
    expect(settling.settling).toEqual([]);
  });

  it('are given up after a while, and nothing is told without traffic', () => {
    const { settling, clock } = shares();
    settling.wanted(weights(50, 50), false);
    settling.counted(split, counts(7, 0));
    clock.now += 5 * 60_000;
    expect(settling.due(split)).toBeUndefined();
    expect(settling.settling).toEqual([]);
  });

  it('begin anew when a proxy has lost its count', () => {
    const { settling } = shares();
    settling.wanted(weights(50, 50), false);
    settling.counted(split, counts(10_000, 10));
    settling.counted(split, counts(100, 0));
    settling.counted(split, counts(600, 510));
    expect(percents(settling.due(split))).toEqual([50, 50]);
  });
});
