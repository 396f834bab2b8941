import type { EmitContext, MeshModel, Origin, Service, ServiceId, WeightedTarget } from '../../../src/adapter/index.ts';
import type { IstioOptions } from '../options.ts';
import type { Fields } from './object.ts';

/** The name by which Istio knows a service: that of the cluster's DNS. */
export function hostOf({ hosts, name, namespace }: Service): string {
  const start = `${name}.${namespace}.svc.`.toLowerCase();
  return hosts.find((host) => host.startsWith(start)) ?? `${start}cluster.local`;
}

/** Names that the service has beside those of the cluster's DNS. */
export function furtherHosts({ hosts, name, namespace }: Service): readonly string[] {
  const own = `${name}.${namespace}`.toLowerCase();
  return hosts.filter((host) => host !== own && !host.startsWith(`${own}.svc`));
}

/** Where requests to a service port go. */
export function destinationOf(model: MeshModel, id: ServiceId, port: number): Fields {
  const service = model.services[id];
  return { host: service === undefined ? nowhere : hostOf(service), port: { number: port } };
}

/** Of no service: what is sent there is dropped. */
export const nowhere = 'nowhere.invalid';

/** Envoy sums weights in 32 bits, and the field has 31. */
const largestSum = 2 ** 32 - 1;
const largest = 2 ** 31 - 1;

interface Share {
  readonly target: WeightedTarget;
  readonly weight: number;
}

/** Weights that Istio can hold: as they are, or by a common divisor, or as near as possible. */
export function sharesOf(
  targets: readonly WeightedTarget[],
  origins: readonly Origin[],
  { report }: EmitContext<IstioOptions>,
): readonly Share[] {
  const wanted = targets.map(({ weight }) => weight);
  const reduced = fits(wanted) ? wanted : wanted.map((weight) => weight / wanted.reduce(greatestDivisor));
  const held = fits(reduced) ? reduced : scaled(reduced);
  if (!fits(reduced)) {
    report?.({
      feature: 'weighted-split',
      kind: 'changed',
      text: `the weights ${wanted.join(', ')} become ${held.join(', ')}, each share the same within a millionth`,
      origins,
      apart: 1e-6,
    });
  }
  return targets.map((target, index) => ({ target, weight: held[index] ?? 0 }));
}

function fits(weights: readonly number[]): boolean {
  return weights.every((weight) => weight <= largest) && weights.reduce((sum, weight) => sum + weight, 0) <= largestSum;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Whoever gets something keeps something. */
function scaled(weights: readonly number[]): readonly number[] {
  const factor = (largest - weights.length) / weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => (weight === 0 ? 0 : Math.max(1, Math.round(weight * factor))));
}
