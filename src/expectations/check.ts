import type { Backend, Explanation } from '../explain/explanation.ts';
import type { Expectation } from './types.ts';

/** What is otherwise than expected, as sentences; empty when the expectation holds. */
export function unmet(expectation: Expectation, explanation: Explanation): readonly string[] {
  return [
    ...unmetAccess(expectation, explanation),
    ...unmetStatuses(expectation, explanation),
    ...unmetShares(expectation, explanation),
  ];
}

const wanted = { allow: 'allowed', deny: 'denied' } as const;

function unmetAccess({ access }: Expectation, explanation: Explanation): readonly string[] {
  if (access === undefined || explanation.verdict === wanted[access]) return [];
  const because = reasons(explanation);
  return [`expected to be ${wanted[access]}, is ${explanation.verdict}${because === '' ? '' : `: ${because}`}`];
}

function reasons({ rejection, backends }: Explanation): string {
  if (rejection !== undefined) return `${rejection.answer}, ${rejection.text}`;
  const texts = backends
    .filter(({ weight }) => weight > 0)
    .flatMap(({ service, servers }) => servers.map((server) => ({ service, ...server })))
    .map(({ service, workloads, answer, grants, denial }) => {
      const by = grants.map(({ rule }) => ` by TrafficTarget ${rule}`).join(' and');
      const differences = denial?.differences.map(({ text }) => text).join('; ') ?? '';
      const nearest = denial?.rule === undefined ? '' : ` (nearest TrafficTarget ${denial.rule}: ${differences})`;
      return `${service ?? workloads.join(', ')} ${answer}${by}${nearest}`;
    });
  return [...new Set(texts)].join('; ');
}

function unmetStatuses({ statuses }: Expectation, explanation: Explanation): readonly string[] {
  if (statuses === undefined) return [];
  if (explanation.request.kind !== 'http') return ['a status is expected, and this port does not carry HTTP'];
  const found = [...new Set(statusesOf(explanation))].sort((a, b) => a - b);
  const stated = [...new Set(statuses)].sort((a, b) => a - b);
  if (found.join() === stated.join()) return [];
  return [`expected to be answered ${stated.join(' or ')}, is answered ${found.join(' or ')}: ${reasons(explanation)}`];
}

function statusesOf({ rejection, backends }: Explanation): readonly number[] {
  if (rejection !== undefined) return [rejection.status ?? 0];
  return backends.filter(({ weight }) => weight > 0).flatMap(backendStatuses);
}

const answers = { allow: 200, deny: 403, reject: 400 } as const;

function backendStatuses({ verdict, servers }: Backend): readonly number[] {
  return verdict === 'unavailable' ? [503] : servers.map((server) => answers[server.verdict]);
}

/** Shares are equal when their ratios are, exactly. */
function unmetShares({ shares }: Expectation, explanation: Explanation): readonly string[] {
  if (shares === undefined) return [];
  const namespace = explanation.client.account.slice(0, explanation.client.account.indexOf('/'));
  const stated = new Map(
    Object.entries(shares)
      .filter(([, weight]) => weight > 0)
      .map(([name, weight]) => [name.includes('/') ? name : `${namespace}/${name}`, weight]),
  );
  const found = backendWeights(explanation.backends);
  if (sameRatios(stated, found)) return [];
  const actual = found.size === 0 ? 'there is no backend' : `they are ${describe(found)}`;
  return [`expected shares ${describe(stated)}, ${actual}`];
}

function backendWeights(backends: readonly Backend[]): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const { service, weight } of backends) {
    if (service !== undefined && weight > 0) weights.set(service, (weights.get(service) ?? 0) + weight);
  }
  return weights;
}

function sameRatios(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  const total = (weights: ReadonlyMap<string, number>) =>
    [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const [totalA, totalB] = [BigInt(total(a)), BigInt(total(b))];
  const same = ([name, weight]: readonly [string, number]) =>
    BigInt(weight) * totalB === BigInt(b.get(name) ?? 0) * totalA;
  return a.size === b.size && [...a].every(same);
}

function describe(weights: ReadonlyMap<string, number>): string {
  return [...weights].map(([name, weight]) => `${name} ${weight}`).join(', ') || 'none';
}
