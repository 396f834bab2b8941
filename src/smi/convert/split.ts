import { wholeWeights } from '../split/weights.ts';
import { type Body, pick, type VersionForm } from './version-form.ts';

interface SplitBody {
  readonly spec: {
    readonly service: string;
    readonly backends: readonly { readonly service: string; readonly weight: number | string }[];
    readonly matches?: unknown;
  };
}

/** v1alpha2: whole weights, no `matches`. */
export const splitV1alpha2: VersionForm = {
  toHub(body) {
    const { service, backends } = (body as unknown as SplitBody).spec;
    return { spec: { service, backends: backends.map(backend) } };
  },
  fromHub(hub) {
    const { service, backends, matches } = (hub as unknown as SplitBody).spec;
    const shown = backends.map(backend);
    return { body: { spec: { service, backends: matches === undefined ? shown : allToRoot(service, shown) } } };
  },
};

/** v1alpha1: as v1alpha2, weights are Kubernetes quantities. Plain numbers are quantities too. */
export const splitV1alpha1: VersionForm = {
  toHub(body) {
    const { service, backends } = (body as unknown as SplitBody).spec;
    const weights = wholeWeights(backends.map(({ weight }) => weight));
    if (!weights.ok) return undefined;
    return {
      spec: { service, backends: backends.map((item, index) => ({ ...backend(item), weight: weights.value[index] })) },
    };
  },
  fromHub: splitV1alpha2.fromHub,
};

function backend(item: Body): Body {
  return pick(item, ['service', 'weight']);
}

/**
 * The safe form of a split with `matches` where there are none: the root Service keeps everything, as it does for requests
 * that no match covers. Without it the split would become unconditional.
 */
function allToRoot(root: string, backends: readonly Body[]): readonly Body[] {
  const idle = backends.map((item) => ({ ...item, weight: item.service === root ? 1 : 0 }));
  return idle.some(({ weight }) => weight === 1) ? idle : [...idle, { service: root, weight: 1 }];
}
