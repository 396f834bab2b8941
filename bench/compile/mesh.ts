import { objectKey } from '../../src/diagnostics/origin.ts';
import type { SourceDocument } from '../../src/source/types.ts';

/** Objects of a mesh as a controller sees them: running pods with addresses, everything in namespaces of 50 Services. */
interface MeshDocuments {
  readonly documents: readonly SourceDocument[];
  readonly counts: {
    readonly services: number;
    readonly pods: number;
    readonly splits: number;
    readonly targets: number;
  };
}

const servicesPerNamespace = 50;

/**
 * A mesh of so many Services: two pods for each, a split for every second one, a target with two callers for every second
 * one, a route group for each target, an account for each Service. The same number gives the same objects.
 */
export function meshDocuments(services: number): MeshDocuments {
  const documents: SourceDocument[] = [];
  for (let index = 0; index < services; index += 1) {
    documents.push(accountDocument(index), serviceDocument(index));
    for (const ordinal of [0, 1]) documents.push(podDocument(index, ordinal, true));
    if (index % 2 === 0) documents.push(splitDocument(index, 90, services));
    else documents.push(groupDocument(index), targetDocument(index, services));
  }
  const half = Math.floor(services / 2);
  return { documents, counts: { services, pods: services * 2, splits: services - half, targets: half } };
}

function namespaceOf(index: number): string {
  return `team-${Math.floor(index / servicesPerNamespace)}`;
}

export function serviceDocument(index: number): SourceDocument {
  const name = nameOf(index);
  return document('', 'v1', 'Service', index, name, {
    spec: {
      clusterIP: address(172, index),
      selector: { app: name, tier: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 'http' }],
    },
  });
}

export function podDocument(index: number, ordinal: number, ready: boolean): SourceDocument {
  const name = nameOf(index);
  const pod = document('', 'v1', 'Pod', index, `${name}-${ordinal}`, {
    spec: {
      serviceAccountName: name,
      containers: [
        { name: 'main', image: `registry.example/${name}:1.0`, ports: [{ name: 'http', containerPort: 8080 }] },
      ],
    },
    status: {
      podIPs: [{ ip: address(10, index * 2 + ordinal) }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  });
  const metadata = pod.object.metadata as Readonly<Record<string, unknown>>;
  const labels = { app: name, tier: 'web', version: `v${ordinal + 1}` };
  return { ...pod, object: { ...pod.object, metadata: { ...metadata, labels } } };
}

/** Sends `weight` of 100 to the Service itself and the others to its neighbour. */
export function splitDocument(index: number, weight: number, services: number): SourceDocument {
  return document('split.smi-spec.io', 'split.smi-spec.io/v1alpha4', 'TrafficSplit', index, nameOf(index), {
    spec: {
      service: nameOf(index),
      backends: [
        { service: nameOf(index), weight },
        { service: nameOf(neighbour(index, services)), weight: 100 - weight },
      ],
    },
  });
}

export function groupDocument(index: number): SourceDocument {
  return document('specs.smi-spec.io', 'specs.smi-spec.io/v1alpha4', 'HTTPRouteGroup', index, nameOf(index), {
    spec: {
      matches: [
        { name: 'read', pathRegex: '/orders(/.*)?', methods: ['GET', 'HEAD'] },
        { name: 'write', pathRegex: '/orders', methods: ['POST'] },
      ],
    },
  });
}

/** Two callers, and one more at a distance that is given. */
export function targetDocument(index: number, services: number, more?: number): SourceDocument {
  const account = (other: number) => ({
    kind: 'ServiceAccount',
    name: nameOf(other),
    namespace: namespaceOf(other),
  });
  const callers = [1, 7, ...(more === undefined ? [] : [more])].map((distance) =>
    account((index + distance) % services),
  );
  return document('access.smi-spec.io', 'access.smi-spec.io/v1alpha4', 'TrafficTarget', index, nameOf(index), {
    spec: {
      destination: { kind: 'ServiceAccount', name: nameOf(index) },
      rules: [{ kind: 'HTTPRouteGroup', name: nameOf(index), matches: ['read'] }],
      sources: callers,
    },
  });
}

export function accountDocument(index: number): SourceDocument {
  return document('', 'v1', 'ServiceAccount', index, nameOf(index), {});
}

function nameOf(index: number): string {
  return `service-${index}`;
}

/** The next Service of the same namespace. */
function neighbour(index: number, services: number): number {
  const first = index - (index % servicesPerNamespace);
  return first + ((index - first + 1) % Math.min(servicesPerNamespace, services - first));
}

function address(first: number, index: number): string {
  return `${first}.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

function document(
  group: string,
  apiVersion: string,
  kind: string,
  index: number,
  name: string,
  body: Readonly<Record<string, unknown>>,
): SourceDocument {
  const namespace = namespaceOf(index);
  const object = { apiVersion, kind, metadata: { name, namespace }, ...body };
  return { key: objectKey(group, kind, namespace, name), apiVersion, kind, file: 'mesh', index: 0, object };
}
