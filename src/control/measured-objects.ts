import { compareText } from '../lib/collections.ts';
import { ok, type Result } from '../lib/result.ts';
import { isRecord } from '../lib/values.ts';
import type { MeasuredObject, ObjectDirectory } from '../metrics/api/contract.ts';
import { type ResourcePlural, resourceKinds } from '../metrics/contract.ts';
import type { MeshModel } from '../model/types.ts';
import type { SourceDocument } from '../source/types.ts';

export interface MeasuredObjectsOptions {
  readonly model: () => MeshModel | undefined;
  /** What is in force. */
  readonly documents: () => Iterable<SourceDocument>;
  /** Of kinds that are not among the documents; absent: these are all there are. */
  readonly others?: ObjectDirectory;
}

const groups: Readonly<Record<ResourcePlural, string>> = {
  namespaces: 'core',
  nodes: 'core',
  pods: 'core',
  replicationcontrollers: 'core',
  services: 'core',
  replicasets: 'apps',
  jobs: 'batch',
  daemonsets: 'apps',
  deployments: 'apps',
  statefulsets: 'apps',
  trafficsplits: 'split.smi-spec.io',
};

/** The objects that a control plane knows. Files need not say that there is a namespace: what is in it does. */
export function measuredObjects({ model, documents, others }: MeasuredObjectsOptions): ObjectDirectory {
  const known: Partial<Record<ResourcePlural, () => readonly MeasuredObject[]>> = {
    pods: () =>
      Object.values(model()?.workloads ?? {}).map(({ namespace, name, labels }) => ({ namespace, name, labels })),
    namespaces: () => [...fromDocuments(documents(), 'namespaces'), ...implied(model())],
  };
  const followed: readonly ResourcePlural[] = ['namespaces', 'nodes', 'pods', 'services', 'trafficsplits'];
  return {
    list: async (plural, namespace): Promise<Result<readonly MeasuredObject[], string>> => {
      if (others !== undefined && !followed.includes(plural)) return await others.list(plural, namespace);
      const all = known[plural]?.() ?? fromDocuments(documents(), plural);
      const unique = new Map(all.toReversed().map((object) => [`${object.namespace}/${object.name}`, object]));
      const sorted = [...unique].sort(([a], [b]) => compareText(a, b)).map(([, object]) => object);
      return ok(namespace === undefined ? sorted : sorted.filter((object) => object.namespace === namespace));
    },
  };
}

function fromDocuments(documents: Iterable<SourceDocument>, plural: ResourcePlural): readonly MeasuredObject[] {
  const prefix = `${groups[plural]}/${resourceKinds[plural]}/`;
  const found: MeasuredObject[] = [];
  for (const { key, object } of documents) if (key.startsWith(prefix)) found.push(measuredObject(object, plural));
  return found;
}

/** `metadata` of an object, as far as it is asked for. */
export function measuredObject(object: Readonly<Record<string, unknown>>, plural: ResourcePlural): MeasuredObject {
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  const scoped = plural === 'namespaces' || plural === 'nodes';
  const labels = Object.entries(isRecord(metadata.labels) ? metadata.labels : {});
  return {
    namespace: scoped ? '' : String(metadata.namespace ?? 'default'),
    name: String(metadata.name),
    labels: Object.fromEntries(labels.map(([label, value]) => [label, String(value)])),
  };
}

function implied(model: MeshModel | undefined): readonly MeasuredObject[] {
  const inside = [...Object.values(model?.services ?? {}), ...Object.values(model?.workloads ?? {})];
  return [...new Set(inside.map(({ namespace }) => namespace))].map((name) => ({ namespace: '', name, labels: {} }));
}
