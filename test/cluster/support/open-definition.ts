import type { DocumentKind } from '../../../src/adapter/contract.ts';
import { pluralOf } from '../../../src/kubernetes-client/write.ts';
import type { Crd } from './crds.ts';

/** A definition of a kind that takes anything. */
export function openDefinition({ apiVersion, kind }: DocumentKind): Crd {
  const [group = '', version = ''] = apiVersion.split('/');
  const names = { kind, plural: pluralOf(kind), singular: kind.toLowerCase() };
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  const spec = {
    group,
    scope: 'Namespaced',
    names,
    versions: [{ name: version, served: true, storage: true, schema }],
  };
  // Groups under `k8s.io` ask for it.
  const annotations = { 'api-approved.kubernetes.io': 'unapproved, for a test' };
  const metadata = { name: `${names.plural}.${group}`, annotations };
  return { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata, spec } as unknown as Crd;
}
