import {
  type ResourcePlural,
  resourceKinds,
  type TrafficEdge,
  type TrafficResource,
  type TrafficSum,
  type TrafficTotal,
} from '../contract.ts';
import { type ApiVersion, apiGroup, type LatencyUnit } from './contract.ts';
import type { ResourcePath } from './paths.ts';
import { asLabelSelector, type Requirement } from './selector.ts';

/** What all documents of one answer share. */
export interface Occasion {
  readonly version: ApiVersion;
  readonly unit: LatencyUnit;
  readonly windowSeconds: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One answer, before it is a document or the row of a table. */
export interface Measurement {
  readonly resource: TrafficResource;
  readonly direction: 'from' | 'to';
  readonly side: 'client' | 'server';
  /** Of an edge; `null`: whatever has no resource of this kind. */
  readonly peer?: TrafficResource | null;
  /** Absent: nothing was measured. */
  readonly sum?: TrafficSum;
}

export function ofTotal(total: TrafficTotal): Measurement {
  return { resource: total.resource, direction: total.direction, side: total.side, sum: total };
}

/** An edge as its source sees it, or its destination. */
export function ofEdge(edge: TrafficEdge, direction: 'from' | 'to', resource: TrafficResource): Measurement {
  return {
    resource,
    direction,
    side: edge.side,
    peer: direction === 'from' ? edge.source : edge.destination,
    sum: edge,
  };
}

const apiVersionOf: Readonly<Record<ResourcePlural, string>> = {
  namespaces: 'v1',
  nodes: 'v1',
  pods: 'v1',
  replicationcontrollers: 'v1',
  services: 'v1',
  replicasets: 'apps/v1',
  jobs: 'batch/v1',
  daemonsets: 'apps/v1',
  deployments: 'apps/v1',
  statefulsets: 'apps/v1',
  trafficsplits: 'split.smi-spec.io/v1alpha4',
};

/** A TrafficMetrics. */
export function trafficMetrics(measurement: Measurement, plural: ResourcePlural, occasion: Occasion): object {
  const { resource, direction, side, peer, sum } = measurement;
  const backend = sum?.backend;
  const edge = peer === undefined ? '' : '/edges';
  const time = rfc3339(occasion.at);
  return {
    kind: 'TrafficMetrics',
    apiVersion: `${apiGroup}/${occasion.version}`,
    metadata: {
      name: resource.name,
      ...(resource.namespace === undefined ? {} : { namespace: resource.namespace }),
      selfLink: `${linkOf(occasion.version, plural, resource)}${edge}`,
      creationTimestamp: time,
    },
    timestamp: time,
    window: durationText(occasion.windowSeconds),
    resource: { ...resource, apiVersion: apiVersionOf[plural] },
    edge: {
      direction,
      side,
      resource: peer === undefined || peer === null ? {} : { ...peer, apiVersion: apiVersionOf[plural] },
    },
    ...(backend === undefined ? {} : { backend }),
    metrics: metricsOf(sum, occasion.unit),
  };
}

/** A TrafficMetricsList. */
export function trafficMetricsList(
  { plural, namespace, kind, name }: ResourcePath,
  items: readonly object[],
  requirements: readonly Requirement[],
  { version }: Occasion,
): object {
  const home = namespace === undefined ? {} : { namespace };
  const resource = { kind: resourceKinds[plural], ...home, ...(kind === 'list' ? {} : { name }) };
  return {
    kind: 'TrafficMetricsList',
    apiVersion: `${apiGroup}/${version}`,
    metadata: { selfLink: listLink(version, plural, namespace, kind === 'list' ? '' : name, kind) },
    resource: { ...resource, apiVersion: apiVersionOf[plural] },
    ...(requirements.length === 0 ? {} : { selector: asLabelSelector(requirements) }),
    items,
  };
}

function linkOf(version: ApiVersion, plural: ResourcePlural, { namespace, name }: TrafficResource): string {
  return listLink(version, plural, namespace, name, 'get');
}

function listLink(
  version: ApiVersion,
  plural: ResourcePlural,
  namespace: string | undefined,
  name: string,
  kind: ResourcePath['kind'],
): string {
  const parts = [
    ...['', 'apis', apiGroup, version],
    ...(namespace === undefined ? [] : ['namespaces', namespace]),
    plural,
    ...(name === '' ? [] : [name]),
    ...(kind === 'edges' ? ['edges'] : []),
  ];
  return parts.join('/');
}

/** Requests and connections that went well, or not. */
export function countsOf(sum: TrafficSum | undefined): { readonly success: number; readonly failure: number } {
  if (sum === undefined) return { success: 0, failure: 0 };
  const { connections } = sum;
  return { success: sum.success + connections.carried, failure: sum.failure + connections.refused };
}

function metricsOf(sum: TrafficSum | undefined, unit: LatencyUnit): readonly object[] {
  const { p99Millis = 0, p90Millis = 0, p50Millis = 0 } = sum?.latency ?? {};
  const latency = (name: string, millis: number) => ({
    name: `${name}_response_latency`,
    unit,
    value: unit === 'ms' ? quantity(millis, 1e3) : quantity(millis / 1000, 1e6),
  });
  const { success, failure } = countsOf(sum);
  return [
    latency('p99', p99Millis),
    latency('p90', p90Millis),
    latency('p50', p50Millis),
    { name: 'success_count', value: quantity(success, 1e3) },
    { name: 'failure_count', value: quantity(failure, 1e3) },
  ];
}

/** A resource.Quantity in its canonical form, with parts as small as one of `parts`, rounded. */
export function quantity(number: number, parts: 1e3 | 1e6): string {
  const whole = Math.round(number * parts);
  if (whole % parts === 0) return String(whole / parts);
  return parts === 1e6 && whole % 1e3 !== 0 ? `${whole}u` : `${parts === 1e6 ? whole / 1e3 : whole}m`;
}

function rfc3339(millis: number): string {
  return new Date(millis).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

/** As Go writes it: `30s`, `2m0s`. */
function durationText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `${seconds}s` : `${minutes}m${seconds % 60}s`;
}
