import type { EmitContext, MeshModel, Workload, WorkloadSetId } from '../../../src/adapter/index.ts';
import { shared } from '../../../src/adapter/index.ts';
import { sha256 } from '../../../src/lib/hash.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { IstioOptions } from '../options.ts';
import type { Fields } from './object.ts';
import { type Labels, selectionOf, selects } from './selectors.ts';

/** The workloads of a set that have a sidecar, and how to select them. */
export interface SetPlaces {
  readonly namespace: string;
  readonly workloads: readonly Workload[];
  /** `name`: that of the account, with something behind it where its pods are not all treated alike. */
  readonly selectors: readonly SelectedPlaces[];
  /** Those that no selector reaches. */
  readonly unreached: readonly Workload[];
}

interface SelectedPlaces {
  readonly name: string;
  readonly selector: Labels;
  /** Those of the set's that it reaches. */
  readonly workloads: readonly Workload[];
}

/** Where the objects of a set belong; workloads without labels of their own are reported, and stay closed. */
export function placesOf(
  model: MeshModel,
  set: WorkloadSetId,
  context: EmitContext<IstioOptions>,
): SetPlaces | undefined {
  const byNamespace = shared(model, 'istio/namespaces', ({ workloads }) =>
    Map.groupBy(Object.values(workloads), (workload) => workload.namespace),
  );
  const [namespace = '', account = ''] = (set.split('~')[0] ?? '').split('/');
  const neighbours = [...byNamespace].find(([name]) => name === namespace)?.[1] ?? [];
  const workloads = neighbours.filter((workload) => workload.set === set && workload.transport === 'mtls');
  if (workloads.length === 0) return undefined;
  const { selectors, unreached } = selectionOf(set, neighbours);
  const apart = unreached.filter(({ transport }) => transport === 'mtls');
  if (apart.length > 0 && model.inbound[set]?.mode === 'deny') {
    context.report?.({
      feature: 'access-identity',
      kind: 'dropped',
      text: `nobody is let in to ${apart.map(({ id }) => id).join(', ')}: no labels tell them from pods of other accounts`,
      origins: originsWithin(apart, model.inbound[set]?.grants),
    });
  }
  const whole = selectors.length === 1 && !set.includes('~');
  return {
    namespace,
    workloads,
    selectors: selectors.map((selector) => ({
      name: whole ? account : `${account}.${sha256(JSON.stringify(selector)).slice(0, 8)}`,
      selector,
      workloads: workloads.filter((workload) => selects(selector, workload)),
    })),
    unreached: apart,
  };
}

export function selectorField(matchLabels: Labels): Fields {
  return { selector: { matchLabels } };
}

/** Ports that all of some workloads have, and say the same of about plain callers: where one has none, nobody is let in. */
export function portsWith(
  { workloads }: Pick<SelectedPlaces, 'workloads'>,
  tls: 'permissive' | 'off',
): readonly number[] {
  const ports = workloads.map((workload) => workload.ports.filter(({ protocol }) => protocol !== 'udp'));
  const numbers = new Set(ports.flat().map(({ port }) => port));
  return [...numbers]
    .filter((number) => ports.every((own) => own.find(({ port }) => port === number)?.tls === tls))
    .sort((a, b) => a - b);
}
