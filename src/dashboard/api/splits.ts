import { rolloutReport } from '../../control/admin/wait.ts';
import type { MeshView } from '../../control/mesh-view.ts';
import { type SplitWeights, splitWeights } from '../../control/split-weights.ts';
import type { Locate } from '../../diagnostics/origin.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../../diagnostics/origin.ts';
import type { MeshModel } from '../../model/types.ts';
import type { Split, SplitBackend, SplitMoment, SplitsPage } from './contract.ts';
import { placeOf } from './places.ts';
import { wilson } from './shares.ts';
import { goldenOf, type Traffic } from './traffic.ts';

const maxMoments = 200;
const maxSplits = 1_000;
const maxRollouts = 10;

/** The weights that splits had, since this process serves the mesh. */
export class SplitHistory {
  readonly #moments = new Map<ObjectKey, SplitMoment[]>();

  note(model: MeshModel, generation: number, at: number): void {
    const splits = splitWeights(model);
    for (const key of this.#moments.keys()) if (!splits.has(key)) this.#moments.delete(key);
    for (const [key, { weights }] of splits) {
      const moments = this.#moments.get(key) ?? [];
      const now = Object.fromEntries(weights);
      if (JSON.stringify(moments.at(-1)?.weights) === JSON.stringify(now)) continue;
      if (moments.length === 0 && this.#moments.size >= maxSplits) continue;
      this.#moments.set(key, [...moments, { at, generation, weights: now }].slice(-maxMoments));
    }
  }

  of(key: ObjectKey): readonly SplitMoment[] {
    return this.#moments.get(key) ?? [];
  }
}

/** Every split in force: what it asks for, and what has been seen. */
export function splitsPage(mesh: MeshView, model: MeshModel, traffic: Traffic, history: SplitHistory): SplitsPage {
  const locate: Locate = mesh.load()?.locate ?? (() => undefined);
  const splits = [...splitWeights(model)].map(([key, split]): Split => {
    const { namespace, name } = parseObjectKey(key);
    const backends = backendsOf(`${namespace}/${name}`, split, traffic);
    return {
      name: `${namespace}/${name}`,
      root: split.root,
      place: placeOf(objectKey('split.smi-spec.io', 'TrafficSplit', namespace, name), locate),
      conditional: isConditional(model, key, split),
      requests: backends.reduce((sum, { golden }) => sum + golden.requests, 0),
      backends,
      history: history.of(key),
      rollouts: mesh
        .rollouts()
        .filter(({ changed }) => changed.includes(key))
        .slice(-maxRollouts)
        .map((rollout) => rolloutReport(rollout, [])),
    };
  });
  return { traffic: traffic.scope, splits };
}

function backendsOf(split: string, { weights }: SplitWeights, { scope, series }: Traffic): readonly SplitBackend[] {
  const own = series.filter((one) => one.split === split);
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const counted = [...weights].map(([service, weight]) => {
    const golden = goldenOf(
      own.filter(({ backend }) => backend === service),
      scope,
    );
    return { service, weight, wanted: total === 0 ? 0 : weight / total, golden };
  });
  const seen = counted.reduce((sum, { golden }) => sum + golden.requests, 0);
  return counted.map((backend) => {
    const interval = wilson(backend.golden.requests, seen);
    return { ...backend, ...(interval === undefined ? {} : { observed: backend.golden.requests / seen, interval }) };
  });
}

function isConditional(model: MeshModel, key: ObjectKey, { root }: SplitWeights): boolean {
  const rules = Object.values(model.outbound[root]?.ports ?? {}).flatMap((port) => port.rules);
  return rules.some(({ match, origins }) => match !== 'any' && origins.some(({ object }) => object === key));
}
