import { diagnostic } from '../diagnostics/diagnostic.ts';
import { compareText } from '../lib/collections.ts';
import { Groups } from '../lib/incremental/groups.ts';
import type { Stage } from '../lib/incremental/stage.ts';
import { Table } from '../lib/incremental/table.ts';
import type {
  MeasuredResource,
  Service,
  ServiceId,
  TelemetryModel,
  TelemetryQuery,
  Workload,
  WorkloadId,
} from '../model/types.ts';
import type { MetricsReference, TrafficMetricsDocument } from '../smi/types.ts';
import type { PassContext } from './state.ts';
import { at } from './state.ts';

/** The kinds that traffic is measured for. Older SDKs spell some of them otherwise; letters count in any case. */
const kinds = new Map(
  ['Namespace', 'Pod', 'Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet', 'Job', 'Service', 'TrafficSplit'].map(
    (kind) => [kind.toLowerCase(), kind] as const,
  ),
);

/** What is measured. */
export interface Measured {
  readonly services: Stage<ServiceId, Service>;
  readonly workloads: Stage<WorkloadId, Pick<Workload, 'namespace' | 'name' | 'owners'>>;
  readonly splits: Stage<ServiceId, TelemetryModel['splits']>;
}

/** The TrafficMetrics documents as questions. One about something that the mesh does not have is reported and left out. */
export function telemetryQueries(measured: Measured, context: PassContext): { get(): readonly TelemetryQuery[] } {
  const { graph } = context;
  const { trafficMetrics } = context.input;
  const known = knownResources(measured, context);
  const queries = new Table<string, TelemetryQuery>(graph, [trafficMetrics], (id) => {
    const document = trafficMetrics.get(id);
    return document && queryOf(document, known, context);
  });
  const all = new Groups<string, TelemetryQuery, string, TelemetryQuery>(
    graph,
    queries,
    (query) => [['', query]],
    (a, b) => compareText(a.document, b.document),
  );
  return { get: () => all.get('') ?? [] };
}

/** Whether something of a kind is measured; of a namespace, or a name in it, where those are given. */
type Known = (kind: string, namespace?: string, name?: string) => boolean;

/** Nothing is looked through before somebody asks. */
function knownResources({ services, workloads, splits }: Measured, { graph, input }: PassContext): Known {
  const asked = new Groups(graph, input.trafficMetrics, (): [string, true][] => [['', true]]);
  const resources = <K extends string, V>(stage: Stage<K, V>, namesOf: (value: V) => readonly Resource[]) => {
    const named = new Table<K, readonly string[]>(graph, [stage], (key) => {
      const value = asked.has('') ? stage.get(key) : undefined;
      return value === undefined ? undefined : [...new Set(namesOf(value).flatMap(questions))];
    });
    return new Groups(graph, named, (texts) => texts.map((text): [string, true] => [text, true]));
  };
  const all = [
    resources(workloads, ({ namespace, name, owners }) => [
      { kind: 'Pod', namespace, name },
      ...owners.map((owner) => ({ kind: owner.kind, namespace, name: owner.name })),
    ]),
    resources(services, ({ namespace, name }) => [{ kind: 'Service', namespace, name }]),
    resources(splits, (measured) =>
      measured.map(({ split }) => {
        const [namespace = '', name = ''] = split.split('/');
        return { kind: 'TrafficSplit', namespace, name };
      }),
    ),
  ];
  return (kind, namespace = '', name = '') => all.some((group) => group.has(`${kind} ${namespace} ${name}`));
}

interface Resource {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** `KIND NAMESPACE NAME` with an empty part wherever a question may leave one out. */
function questions({ kind, namespace, name }: Resource): readonly string[] {
  return [
    `${kind} ${namespace} ${name}`,
    `${kind} ${namespace} `,
    `${kind}  `,
    `Namespace  ${namespace}`,
    'Namespace  ',
  ];
}

function queryOf(document: TrafficMetricsDocument, known: Known, { report }: PassContext): TelemetryQuery | undefined {
  const { namespace } = document.meta;
  const measured = (reference: MetricsReference, path: string): MeasuredResource | undefined => {
    const resource = resourceOf(reference, namespace);
    if (resource !== undefined && known(resource.kind, resource.namespace, resource.name)) return resource;
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
