import type { Distribution, ServiceId, WeightedTarget } from '../../../src/model/types.ts';
import type { LossList } from './losses.ts';
import type { References } from './references.ts';

export type BackendRef = Readonly<Record<string, unknown>>;

export interface BackendContext {
  readonly self: { readonly service: ServiceId; readonly port: number };
  readonly references: References;
  readonly losses: LossList;
}

const maxBackends = 16;
const maxWeight = 1_000_000;

/** The backendRefs of a distribution; none where requests fail. */
export function backendRefs(to: Distribution, { self, references, losses }: BackendContext): readonly BackendRef[] {
  if (to.kind === 'fail') return [];
  if (to.kind === 'self') return [references.to(self.service, self.port)];
  const targets = fitting(merged(to.targets), losses);
  const weights = scaled(targets, losses);
  return targets.map(({ service, port }, index) => ({ ...references.to(service, port), weight: weights[index] }));
}

/** A backend that is named twice counts once, with both weights. */
function merged(targets: readonly WeightedTarget[]): readonly WeightedTarget[] {
  const groups = Map.groupBy(targets, ({ service, port }) => `${service}:${port}`);
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const weight = others.reduce((sum, other) => sum + other.weight, first.weight);
    return [{ ...first, weight, origins: [first, ...others].flatMap(({ origins }) => origins) }];
  });
}

/** At most as many as a rule takes: first those with weight 0 go, then the lightest. */
function fitting(targets: readonly WeightedTarget[], losses: LossList): readonly WeightedTarget[] {
  if (targets.length <= maxBackends) return targets;
  const weighted = targets.filter(({ weight }) => weight > 0);
  const kept = new Set(weighted.toSorted((a, b) => b.weight - a.weight).slice(0, maxBackends));
  const left = weighted.filter((target) => !kept.has(target));
  if (left.length > 0) {
    const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
    const share = left.reduce((sum, { weight }) => sum + weight, 0);
    losses.add({
      feature: 'weighted-split',
      kind: 'changed',
      text:
        `a rule has ${maxBackends} backends at most: ${left.map(({ service }) => service).join(', ')} ` +
        `get nothing, and their ${percent(share / total)} goes to the others`,
      origins: left.flatMap(({ origins }) => origins),
      apart: share / total,
    });
  }
  return targets.filter((target) => kept.has(target));
}

/** Weights that fit, with the same shares where that is possible; who gets something keeps something. */
function scaled(targets: readonly WeightedTarget[], losses: LossList): readonly number[] {
  const weights = targets.map(({ weight }) => weight);
  const greatest = Math.max(...weights);
  if (greatest <= maxWeight) return weights;
  const divisor = weights.reduce(greatestDivisor);
  if (greatest / divisor <= maxWeight) return weights.map((weight) => weight / divisor);
  const fitted = weights.map((weight) => (weight === 0 ? 0 : Math.max(1, Math.round((weight * maxWeight) / greatest))));
  const [total, fittedTotal] = [weights, fitted].map((each) => each.reduce((sum, weight) => sum + weight, 0));
  const difference = Math.max(
    ...weights.map((weight, index) => Math.abs(weight / (total ?? 1) - (fitted[index] ?? 0) / (fittedTotal ?? 1))),
  );
  losses.add({
    feature: 'weighted-split',
    kind: 'changed',
    text:
      `weights are at most ${maxWeight}: ${weights.join(' : ')} is written as ${fitted.join(' : ')}, ` +
      `so that a share differs by up to ${percent(difference)}`,
    origins: targets.flatMap(({ origins }) => origins),
    apart: difference,
  });
  return fitted;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
