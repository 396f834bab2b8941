import type { EndpointSliceObject, NodeObject, PodObject } from '../kubernetes/types.ts';
import { compareText } from '../lib/collections.ts';
import { Groups } from '../lib/incremental/groups.ts';
import type { Lookup } from '../lib/incremental/stage.ts';
import type { Workload } from '../model/types.ts';
import type { PassContext } from './state.ts';

const regionLabel = 'topology.kubernetes.io/region';
const zoneLabel = 'topology.kubernetes.io/zone';

/** What tells where pods run. */
export interface Places {
  readonly nodes: Lookup<string, NodeObject>;
  /** Zones of EndpointSlices by `NAMESPACE/POD`, sorted. */
  readonly zones: Lookup<string, readonly string[]>;
}

export function placesOf({ graph, input }: PassContext): Places {
  return { nodes: input.nodes, zones: new Groups(graph, input.endpointSlices, zonesOf, compareText) };
}

function zonesOf({ meta, endpoints }: EndpointSliceObject): readonly (readonly [string, string])[] {
  return endpoints.flatMap(({ pod, zone }) =>
    pod === undefined || zone === undefined ? [] : [[`${meta.namespace}/${pod}`, zone] as const],
  );
}

/** Where a pod runs: as its own labels say, then its annotations, then the labels of its node, then an EndpointSlice. */
export function localityOf({ meta, nodeName }: PodObject, { nodes, zones }: Places): Workload['locality'] {
  const node = nodeName === undefined ? undefined : nodes.get(nodeName)?.meta.labels;
  const said = (label: string) => meta.labels[label] || meta.annotations[label] || node?.[label];
  const region = said(regionLabel);
  const zone = said(zoneLabel) || zones.get(`${meta.namespace}/${meta.name}`)?.at(-1);
  if (!region && !zone) return undefined;
  return { ...(region ? { region } : {}), ...(zone ? { zone } : {}) };
}
