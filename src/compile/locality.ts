import type { EndpointSliceObject, NodeObject, PodObject } from '../kubernetes/types.ts';
import type { Workload } from '../model/types.ts';
import type { MeshInput } from './input.ts';

const regionLabel = 'topology.kubernetes.io/region';
const zoneLabel = 'topology.kubernetes.io/zone';

/** What tells where pods run. */
export interface Places {
  readonly nodes: ReadonlyMap<string, NodeObject>;
  /** Zones of EndpointSlices by `NAMESPACE/POD`. */
  readonly zones: ReadonlyMap<string, string>;
}

export function placesOf({ nodes = [], endpointSlices = [] }: MeshInput): Places {
  return {
    nodes: new Map(nodes.map((node) => [node.meta.name, node])),
    zones: new Map(endpointSlices.flatMap(zonesOf).sort()),
  };
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
  const zone = said(zoneLabel) || zones.get(`${meta.namespace}/${meta.name}`);
  if (!region && !zone) return undefined;
  return { ...(region ? { region } : {}), ...(zone ? { zone } : {}) };
}
