import { type Fields, isRecord } from '../lib/values.ts';

/** A kind of object as its paths in the API need it. */
export interface ApiKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const kind = (apiVersion: string, name: string, plural: string, namespaced = true): ApiKind => {
  return { apiVersion, kind: name, plural, namespaced };
};

/** Of what an installation consists, in the order in which it is taken away: what acts on others first. */
export const installedKinds: readonly ApiKind[] = [
  kind('apiregistration.k8s.io/v1', 'APIService', 'apiservices', false),
  kind('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations', false),
  kind('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations', false),
  kind('apps/v1', 'Deployment', 'deployments'),
  kind('apps/v1', 'DaemonSet', 'daemonsets'),
  kind('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  kind('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies'),
  kind('cert-manager.io/v1', 'Certificate', 'certificates'),
  kind('cert-manager.io/v1', 'Issuer', 'issuers'),
  kind('monitoring.coreos.com/v1', 'PrometheusRule', 'prometheusrules'),
  kind('monitoring.coreos.com/v1', 'PodMonitor', 'podmonitors'),
  kind('v1', 'Service', 'services'),
  kind('v1', 'ConfigMap', 'configmaps'),
  kind('v1', 'Secret', 'secrets'),
  kind('coordination.k8s.io/v1', 'Lease', 'leases'),
  kind('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings'),
  kind('rbac.authorization.k8s.io/v1', 'Role', 'roles'),
  kind('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'clusterrolebindings', false),
  kind('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', false),
  kind('v1', 'ServiceAccount', 'serviceaccounts'),
  kind('v1', 'Namespace', 'namespaces', false),
];

function kindOf(object: Fields): ApiKind {
  const found = installedKinds.find((one) => one.apiVersion === object.apiVersion && one.kind === object.kind);
  if (found === undefined) throw new Error(`the chart has a kind that is not in the table: ${object.kind}`);
  return found;
}

/** Of all objects of a kind, in one namespace or in all. */
export function listPath({ apiVersion, plural, namespaced }: ApiKind, namespace?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}${namespaced && namespace !== undefined ? `/namespaces/${namespace}` : ''}/${plural}`;
}

export function objectPath(object: Fields): string {
  const { namespace, name } = metadataOf(object);
  return `${listPath(kindOf(object), namespace)}/${name}`;
}

/** `Deployment smi-mesh-system/smi-mesh-controller`. */
export function titleOf(object: Fields): string {
  const { namespace, name } = metadataOf(object);
  return `${object.kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

export function metadataOf({ metadata }: Fields): { readonly name: string; readonly namespace?: string } {
  const { name, namespace } = isRecord(metadata) ? metadata : {};
  return { name: String(name), ...(typeof namespace === 'string' ? { namespace } : {}) };
}

export function labelsOf({ metadata }: Fields): Fields {
  const labels = isRecord(metadata) ? metadata.labels : undefined;
  return isRecord(labels) ? labels : {};
}

/** The value at a path of a parsed object, `undefined` where there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((one, key) => {
    if (Array.isArray(one)) return typeof key === 'number' ? one[key] : undefined;
    return isRecord(one) ? one[key] : undefined;
  }, value);
}

export function itemsOf(list: unknown): readonly Fields[] {
  const items = at(list, 'items');
  return Array.isArray(items) ? items.filter(isRecord) : [];
}
