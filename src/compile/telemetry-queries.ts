import { diagnostic } from '../diagnostics/diagnostic.ts';
import { compareText } from '../lib/collections.ts';
import type { MeasuredResource, TelemetryModel, TelemetryQuery } from '../model/types.ts';
import type { MetricsReference, TrafficMetricsDocument } from '../smi/types.ts';
import type { CompileState, PassContext } from './state.ts';
import { at } from './state.ts';

/** The kinds that traffic is measured for. Older SDKs spell some of them otherwise; letters count in any case. */
const kinds = new Map(
  ['Namespace', 'Pod', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'Service', 'TrafficSplit'].map(
    (kind) => [kind.toLowerCase(), kind] as const,
  ),
);

/** The TrafficMetrics documents as questions. One about something that the mesh does not have is reported and left out. */
export function telemetryQueries(
  splits: TelemetryModel['splits'],
  state: CompileState,
  context: PassContext,
): readonly TelemetryQuery[] {
  const documents = context.input.trafficMetrics ?? [];
  if (documents.length === 0) return [];
  const known = knownResources(splits, state);
  return documents
    .flatMap((document) => queryOf(document, known, context) ?? [])
    .sort((a, b) => compareText(a.document, b.document));
}

/** `KIND NAMESPACE NAME` of all that is measured, with an empty part wherever a question may leave one out. */
function knownResources(splits: TelemetryModel['splits'], state: CompileState): ReadonlySet<string> {
  const known = new Set<string>();
  const add = (kind: string, namespace: string, name: string) => {
    for (const [ns, own] of [
      [namespace, name],
      [namespace, ''],
      ['', ''],
    ] as const)
      known.add(`${kind} ${ns} ${own}`);
    known.add(`Namespace  ${namespace}`);
  };
  for (const { namespace, name, owners } of state.workloads.values()) {
    add('Pod', namespace, name);
    for (const owner of owners) add(owner.kind, namespace, owner.name);
  }
  for (const { namespace, name } of state.services.values()) add('Service', namespace, name);
  for (const { split } of splits) {
    const [namespace = '', name = ''] = split.split('/');
    add('TrafficSplit', namespace, name);
  }
  if (known.size > 0) known.add('Namespace  ');
  return known;
}

function queryOf(
  document: TrafficMetricsDocument,
  known: ReadonlySet<string>,
  { report }: PassContext,
): TelemetryQuery | undefined {
  const { namespace } = document.meta;
  const measured = (reference: MetricsReference, path: string): MeasuredResource | undefined => {
    const resource = resourceOf(reference, namespace);
    if (resource !== undefined && known.has(`${resource.kind} ${resource.namespace ?? ''} ${resource.name ?? ''}`)) {
      return resource;
    }
    const name = [reference.namespace, reference.name].filter((part) => part !== undefined).join('/');
    const message = `the mesh has no ${reference.kind ?? 'resource'}${name === '' ? '' : ` ${name}`} to measure`;
    report(diagnostic('SMI4035', { message, origin: at(document, path) }));
    return undefined;
  };
  const resource = measured(document.resource, 'resource');
  const { edge } = document;
  const peer = isAny(edge?.resource) ? 'any' : measured(edge?.resource ?? {}, 'edge.resource');
  if (resource === undefined || peer === undefined) return undefined;
  return {
    document: `${namespace}/${document.meta.name}`,
    resource,
    // Without a side the receiver measures: it sees callers outside the mesh too.
    ...(edge === undefined ? {} : { edge: { direction: edge.direction, side: edge.side ?? 'server', peer } }),
    origins: [at(document, '')],
  };
}

function isAny(reference: MetricsReference | undefined): boolean {
  return reference === undefined || Object.values(reference).every((value) => value === undefined);
}

/** A kind that is not stated is that of pods' namespaces; nothing for a kind that is not measured. */
function resourceOf({ kind, namespace, name }: MetricsReference, home: string): MeasuredResource | undefined {
  const spelled = kind === undefined ? 'Namespace' : kinds.get(kind.toLowerCase());
  if (spelled === undefined) return undefined;
  if (spelled === 'Namespace') {
    const own = name ?? namespace;
    return { kind: spelled, ...(own === undefined ? {} : { name: own }) };
  }
  const where = namespace ?? (name === undefined ? undefined : home);
  return {
    kind: spelled,
    ...(where === undefined ? {} : { namespace: where }),
    ...(name === undefined ? {} : { name }),
  };
}
