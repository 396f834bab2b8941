import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { kindOf } from '../diagnostics/origin.ts';
import type { SourceDocument } from '../source/types.ts';
import { decodeEndpointSlice } from './endpoint-slice.ts';
import { type Field, fieldOf } from './field.ts';
import { decodeMeta } from './meta.ts';
import { decodePod } from './pod.ts';
import { decodePodOwner } from './pod-owner.ts';
import { decodeService } from './service.ts';
import type {
  DeploymentObject,
  EndpointSliceObject,
  NamespaceObject,
  NodeObject,
  PodObject,
  PodOwnerObject,
  ServiceAccountObject,
  ServiceObject,
} from './types.ts';

export type KubernetesObject =
  | { readonly kind: 'Service'; readonly value: ServiceObject }
  | { readonly kind: 'ServiceAccount'; readonly value: ServiceAccountObject }
  | { readonly kind: 'Pod'; readonly value: PodObject }
  | { readonly kind: 'Deployment'; readonly value: DeploymentObject }
  | { readonly kind: 'StatefulSet' | 'DaemonSet' | 'ReplicaSet' | 'Job'; readonly value: PodOwnerObject }
  | { readonly kind: 'Namespace'; readonly value: NamespaceObject }
  | { readonly kind: 'Node'; readonly value: NodeObject }
  | { readonly kind: 'EndpointSlice'; readonly value: EndpointSliceObject };

/** The kinds that we read, with the one version that Kubernetes serves of each. */
const apiVersions: Readonly<Record<string, string>> = {
  'core/Service': 'v1',
  'core/ServiceAccount': 'v1',
  'core/Pod': 'v1',
  'core/Namespace': 'v1',
  'core/Node': 'v1',
  'apps/Deployment': 'apps/v1',
  'apps/StatefulSet': 'apps/v1',
  'apps/DaemonSet': 'apps/v1',
  'apps/ReplicaSet': 'apps/v1',
  'batch/Job': 'batch/v1',
  'discovery.k8s.io/EndpointSlice': 'discovery.k8s.io/v1',
};

/** Every kind for which `isKubernetesKind` holds; the core group is spelled `core`. */
export function kubernetesKinds(): readonly {
  readonly group: string;
  readonly kind: string;
  readonly version: string;
}[] {
  return Object.entries(apiVersions).map(([name, apiVersion]) => {
    const [group = '', kind = ''] = name.split('/');
    return { group, kind, version: apiVersion.slice(apiVersion.indexOf('/') + 1) };
  });
}

/** Whether an object is of a kind that routing or policy needs. */
export function isKubernetesKind(document: SourceDocument): boolean {
  return Object.hasOwn(apiVersions, kindOf(document.key));
}

/**
 * Reads an object for which `isKubernetesKind` holds. Fields that nothing here needs are not looked at; without a value
 * the object is refused and a diagnostic says why.
 */
export function decodeKubernetes(document: SourceDocument): {
  readonly value?: KubernetesObject;
  readonly diagnostics: readonly Diagnostic[];
} {
  const wanted = apiVersions[kindOf(document.key)] ?? '';
  if (document.apiVersion !== wanted) {
    const message = `${document.kind} has no version ${document.apiVersion}`;
    const origin = { object: document.key, path: 'apiVersion' };
    return { diagnostics: [diagnostic('SMI2011', { message, origin, hint: `Use ${wanted}.` })] };
  }
  const diagnostics: Diagnostic[] = [];
  const value = decodeKind(document, fieldOf(document.key, document.object, diagnostics));
  return diagnostics.length > 0 ? { diagnostics: withoutRepeats(diagnostics) } : { value, diagnostics };
}

function decodeKind(document: SourceDocument, root: Field): KubernetesObject {
  switch (document.kind) {
    case 'Service':
      return { kind: 'Service', value: decodeService(document, root) };
    case 'Pod':
      return { kind: 'Pod', value: decodePod(document, root) };
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
    case 'ReplicaSet':
    case 'Job':
      return { kind: document.kind, value: decodePodOwner(document, root) };
    case 'Namespace':
      return { kind: 'Namespace', value: { meta: decodeMeta(document, root, 'label') } };
    case 'Node':
      return { kind: 'Node', value: { meta: decodeMeta(document, root, 'subdomain') } };
    case 'EndpointSlice':
      return { kind: 'EndpointSlice', value: decodeEndpointSlice(document, root) };
    default:
      return { kind: 'ServiceAccount', value: { meta: decodeMeta(document, root, 'subdomain') } };
  }
}

/** A decoder may look at one field several times; what is wrong with it is said once. */
function withoutRepeats(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map((item) => [`${item.code} ${item.origin?.path}`, item])).values()];
}
