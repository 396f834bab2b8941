import { afterAll, describe, expect, test } from 'vitest';
import { type FleetOptions, failureShare, quantile, type SimulatedServer, simulateFleet } from '../support/fleet.ts';

const lines: string[] = [];
afterAll(() => console.log(lines.join('\n')));

const steady: SimulatedServer = { pace: () => 5 };
const algorithms = ['ROUND_ROBIN', 'LEAST_REQUEST', 'EWMA'] as const;
const base = { seconds: 60, perSecond: 200, detection: true } as const;

/** A row for each algorithm; the results of all seeds together. */
function compare(name: string, servers: readonly SimulatedServer[], options: Partial<FleetOptions> = {}) {
  const of = (algorithm: (typeof algorithms)[number]) => {
    const results = [1, 2, 3].map((seed) => simulateFleet(servers, { ...base, algorithm, seed, ...options }));
    const requests = results.flatMap((result) => result.requests);
    const sum = (count: (result: (typeof results)[number]) => number) =>
      results.reduce((all, one) => all + count(one), 0);
    const row = {
      requests,
      p50: quantile(requests, 0.5),
      p99: quantile(requests, 0.99),
      failures: failureShare(requests),
      retries: sum((result) => result.retries),
      ejections: sum((result) => result.ejections),
      probes: sum((result) => result.probes),
    };
    lines.push(
      `${name.padEnd(40)} ${algorithm.padEnd(14)} p50 ${row.p50.toFixed(1)} ms  p99 ${row.p99.toFixed(1)} ms  ` +
        `failed ${(row.failures * 100).toFixed(3)} %  retries ${row.retries}  ejections ${row.ejections}  probes ${row.probes}`,
    );
    return row;
  };
  return { roundRobin: of('ROUND_ROBIN'), leastRequest: of('LEAST_REQUEST'), ewma: of('EWMA') };
}

describe('a fleet of five', () => {
  test("with one that is ten times slower: EWMA has less than a fifth of round robin's p99", () => {
    const { roundRobin, leastRequest, ewma } = compare('one slow', [
      { pace: () => 50 },
      steady,
      steady,
      steady,
      steady,
    ]);
    expect(ewma.p99 / roundRobin.p99).toBeLessThan(0.2);
    expect(ewma.p99).toBeLessThan(leastRequest.p99);
    expect(ewma.failures).toBe(0);
  });

  test("with one that slows down for a while: EWMA's p99 is below half of round robin's", () => {
    const pace = (now: number) => (now > 20_000 && now < 40_000 ? 100 : 5);
    const { roundRobin, ewma } = compare('one slow for a while', [{ pace }, steady, steady, steady, steady], {
      seconds: 90,
    });
    expect(ewma.p99 / roundRobin.p99).toBeLessThan(0.5);
    // 100 ms need 30 s to fade to the 5 ms of the others.
    const { requests } = ewma;
    const late = requests.filter(({ at }) => at > 75_000);
    expect(late.filter(({ server }) => server === 0).length / late.length).toBeGreaterThan(0.1);
  });

  test('with one dead: it is ejected, and few requests fail', () => {
    const dead = [{ pace: () => 0 }, steady, steady, steady, steady];
    const none = compare('one dead, nothing ejected', dead, { detection: false });
    expect(none.roundRobin.failures).toBeCloseTo(0.2, 2);
    const { roundRobin, leastRequest, ewma } = compare('one dead', dead);
    for (const row of [roundRobin, leastRequest, ewma]) {
      // Five in each of three runs, and never again: no probe succeeds.
      expect(row.failures * row.requests.length).toBeLessThanOrEqual(15);
      expect(row.failures).toBeLessThan(0.001);
      expect(row.ejections).toBeLessThanOrEqual(3);
    }
    expect(roundRobin.ejections).toBe(3);
    // After 10, 20 and 40 s of ejection: two probes within the minute, in three runs.
    expect(roundRobin.probes).toBe(6);
  });

  test('with one dead and retries on another endpoint: no request fails', () => {
    const dead = [{ pace: () => 0 }, steady, steady, steady, steady];
    const { roundRobin, leastRequest, ewma } = compare('one dead, one retry elsewhere', dead, { retries: 1 });
    for (const row of [roundRobin, leastRequest, ewma]) {
      expect(row.failures).toBe(0);
      expect(row.retries).toBeLessThanOrEqual(15);
      expect(row.retries).toBeGreaterThan(0);
    }
  });

  test('with one that dies and comes back: it is used again after a probe', () => {
    const pace = (now: number) => (now > 20_000 && now < 35_000 ? 0 : 5);
    const { roundRobin, ewma } = compare('one dead for 15 s', [{ pace }, steady, steady, steady, steady]);
    for (const row of [roundRobin, ewma]) {
      expect(row.failures).toBeLessThan(0.001);
      const late = row.requests.filter(({ at }) => at > 52_000);
      expect(late.filter(({ server }) => server === 0).length / late.length).toBeGreaterThan(0.1);
    }
  });

  test('with one that is new and cold: EWMA waits for it to be warm', () => {
    const cold = (now: number) => (now < 23_000 ? 100 : 5);
    const fresh = { pace: cold, listedFrom: 20_000 };
    const { roundRobin, ewma } = compare('one new, cold for 3 s', [fresh, steady, steady, steady, steady]);
    const start = ({ at }: { at: number }) => at > 20_000 && at < 23_000;
    const ratio = quantile(ewma.requests.filter(start), 0.9) / quantile(roundRobin.requests.filter(start), 0.9);
    lines.push(`${'one new: p90 of its first 3 s'.padEnd(40)} EWMA / ROUND_ROBIN ${ratio.toFixed(2)}`);
    expect(ratio).toBeLessThan(0.2);
    const late = ewma.requests.filter(({ at }) => at > 50_000);
    expect(late.filter(({ server }) => server === 0).length / late.length).toBeGreaterThan(0.1);
  });
});
