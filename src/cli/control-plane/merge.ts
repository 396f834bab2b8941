import type { CarriersReport, ProxiesReport, WaitReport } from '../../control/admin/contract.ts';

/** What several replicas say of their proxies: a workload is absent when none of them has its proxy. */
export function mergeProxies(reports: readonly ProxiesReport[]): ProxiesReport {
  return {
    proxies: reports.flatMap(({ proxies }) => proxies),
    absent: everywhere(reports.map(({ absent }) => absent)),
  };
}

/** What several replicas say of the proxies that carry an object. */
export function mergeCarriers(reports: readonly CarriersReport[]): CarriersReport {
  return {
    known: reports.some(({ known }) => known),
    carriers: reports.flatMap(({ carriers }) => carriers),
    absent: everywhere(reports.map(({ absent }) => absent)),
  };
}

/** How bad an outcome is: the worst of any replica is that of all. */
const order = ['landed', 'refused', 'waiting', 'unknown-object'] as const satisfies readonly WaitReport['outcome'][];

/** What several replicas say of one change: it has landed when it has landed with all of them. */
export function mergeWaits(reports: readonly [WaitReport, ...WaitReport[]]): WaitReport {
  const worst = Math.max(...reports.map(({ outcome }) => order.indexOf(outcome)));
  const rollouts = reports.flatMap(({ rollout }) => rollout ?? []);
  const slowest = rollouts.toSorted(
    (a, b) => b.missingCount - a.missingCount || b.durations.total - a.durations.total,
  )[0];
  const all = <T>(pick: (report: WaitReport) => readonly T[]) => reports.flatMap(pick);
  return {
    outcome: order[worst] ?? 'waiting',
    unknown: [...new Set(all(({ unknown }) => unknown))],
    ...(slowest === undefined || rollouts.length < reports.length
      ? {}
      : {
          rollout: {
            ...slowest,
            touched: sum(rollouts.map(({ touched }) => touched)),
            landed: sum(rollouts.map(({ landed }) => landed)),
            lost: sum(rollouts.map(({ lost }) => lost)),
            missing: rollouts.flatMap(({ missing }) => missing),
            missingCount: sum(rollouts.map(({ missingCount }) => missingCount)),
          },
        }),
    connected: sum(reports.map(({ connected }) => connected)),
    absent: everywhere(reports.map(({ absent }) => absent)),
    findings: unique(all(({ findings }) => findings)),
    refusals: all(({ refusals }) => refusals),
  };
}

function everywhere(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = lists;
  return first.filter((item) => others.every((list) => list.includes(item)));
}

/** Replicas that see the same objects find the same. */
function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
