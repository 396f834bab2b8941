import type { MeshObject } from '../../compile/input.ts';
import { serviceNamed } from '../../compile/service-name.ts';
import { meshConfigKey } from '../../config/decode.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../../diagnostics/origin.ts';
import type { TrafficPolicy } from '../../policy/types.ts';
import type { TrafficSplit, TrafficTarget } from '../../smi/types.ts';
import type { SourceDocument } from '../../source/types.ts';

/** What a cluster holds, as the controller last saw it. */
export interface ClusterView {
  find(key: ObjectKey): SourceDocument | undefined;
  /** The TrafficSplits of a namespace. */
  splits(namespace: string): Iterable<SourceDocument>;
}

/** Splits of a namespace that are looked at for a conflict; more are taken to be none. */
const mostSplits = 1_000;

/** What the cluster has of the objects that an object names or competes with, and the settings of the mesh. */
export function neighboursIn(view: ClusterView, object: MeshObject, clusterDomain: string): readonly SourceDocument[] {
  const found = [meshConfigKey, ...references(object, clusterDomain)].flatMap((key) => view.find(key) ?? []);
  if (object.kind !== 'TrafficSplit') return [...found, ...standIns(object, clusterDomain, false)];
  const rivals: SourceDocument[] = [];
  for (const split of view.splits(object.value.meta.namespace)) {
    if (rivals.length === mostSplits) break;
    if (split.key !== object.value.meta.key) rivals.push(split);
  }
  return [...found, ...rivals];
}

/**
 * Objects that make what is wrong with an object alone come to light whether or not those that it names exist: Services of the
 * names that it uses, and a pod at its destination. With `services` false, the pod alone.
 */
export function standIns(object: MeshObject, clusterDomain: string, services = true): readonly SourceDocument[] {
  if (object.kind === 'TrafficTarget') {
    const { destination, meta } = object.value;
    return destination.kind === 'ServiceAccount'
      ? [pod(destination.namespace ?? meta.namespace, destination.name)]
      : [];
  }
  if (!services) return [];
  return references(object, clusterDomain).flatMap((key) => {
    const { kind, namespace, name } = parseObjectKey(key);
    return kind === 'Service' ? [service(namespace, name)] : [];
  });
}

/** The objects that an object names, each once. */
function references(object: MeshObject, clusterDomain: string): readonly ObjectKey[] {
  switch (object.kind) {
    case 'TrafficSplit':
      return unique(ofSplit(object.value, clusterDomain));
    case 'TrafficTarget':
      return unique(ofTarget(object.value));
    case 'TrafficPolicy':
      return unique(ofPolicy(object.value));
    default:
      return [];
  }
}

const unique = (keys: readonly ObjectKey[]): readonly ObjectKey[] => [...new Set(keys)];

function ofSplit({ meta, service, backends, matches = [] }: TrafficSplit, clusterDomain: string): readonly ObjectKey[] {
  const names = [service, ...backends.map((backend) => backend.service)];
  const services = names.flatMap((name) => {
    const id = serviceNamed(name, meta.namespace, clusterDomain);
    return id === undefined ? [] : [objectKey('', 'Service', meta.namespace, id.slice(meta.namespace.length + 1))];
  });
  return [...services, ...matches.map(({ name }) => routeKey('HTTPRouteGroup', meta.namespace, name))];
}

function ofTarget({ meta, destination, rules, sources }: TrafficTarget): readonly ObjectKey[] {
  const subjects = [destination, ...sources].map(({ kind, name, namespace = meta.namespace }) =>
    kind === 'ServiceAccount'
      ? objectKey('', kind, namespace, name)
      : objectKey('access.smi-spec.io', kind, namespace, name),
  );
  return [...subjects, ...rules.map(({ kind, name }) => routeKey(kind, meta.namespace, name))];
}

function ofPolicy({ meta, targetRefs, matches, request }: TrafficPolicy): readonly ObjectKey[] {
  const named = targetRefs.flatMap(({ kind, name }) => (kind === 'Service' && name !== undefined ? [name] : []));
  const services = [...named, ...(request.mirror === undefined ? [] : [request.mirror.service])];
  return [
    ...services.map((name) => objectKey('', 'Service', meta.namespace, name)),
    ...(matches ?? []).map(({ kind, name }) => routeKey(kind, meta.namespace, name)),
  ];
}

function routeKey(kind: string, namespace: string, name: string): ObjectKey {
  return objectKey('specs.smi-spec.io', kind, namespace, name);
}

function service(namespace: string, name: string): SourceDocument {
  const spec = { selector: { app: name }, ports: [{ name: 'http', port: 80 }] };
  return document('Service', { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec });
}

function pod(namespace: string, serviceAccountName: string): SourceDocument {
  const containers = [{ name: 'program', ports: [{ name: 'http', containerPort: 80 }] }];
  const metadata = { namespace, name: 'stand-in' };
  return document('Pod', { apiVersion: 'v1', kind: 'Pod', metadata, spec: { serviceAccountName, containers } });
}

function document(
  kind: string,
  object: SourceDocument['object'] & { readonly metadata: { readonly namespace: string; readonly name: string } },
): SourceDocument {
  const { namespace, name } = object.metadata;
  return { key: objectKey('', kind, namespace, name), apiVersion: 'v1', kind, file: '<stand-in>', index: 0, object };
}
