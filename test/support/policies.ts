import { load } from 'js-yaml';
import { assemble } from '../../src/compile/assemble.ts';
import type { MeshInput } from '../../src/compile/index.ts';
import type { TrafficPolicy } from '../../src/policy/types.ts';
import { readSourceText } from '../../src/source/read.ts';

/**
 * TrafficPolicies for tests: the body is YAML of `spec`, without `targetRefs` for the Service of the policy's own name. A
 * name is `NAME` in `default`, or `NAMESPACE/NAME`. What is wrong with one is thrown.
 */
export function trafficPolicy(full: string, spec: string, created?: string): TrafficPolicy {
  const { input, diagnostics } = assemble(documentsOf(full, spec, created));
  const [policy] = input.policies ?? [];
  if (policy === undefined) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return policy;
}

/** The same for one that is refused: what the compiler gets of it. */
export function refusedTrafficPolicy(full: string, spec: string): Pick<MeshInput, 'refused' | 'refusedPolicies'> {
  const { input } = assemble(documentsOf(full, spec));
  return { refused: input.refused ?? [], refusedPolicies: input.refusedPolicies ?? [] };
}

function documentsOf(full: string, spec: string, creationTimestamp?: string) {
  const [first = '', second] = full.split('/');
  const metadata = {
    ...(second === undefined ? { name: first } : { namespace: first, name: second }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
  };
  const body = load(spec) as Record<string, unknown>;
  const targetRefs = body.targetRefs ?? [{ kind: 'Service', name: metadata.name }];
  const object = { apiVersion: 'policy.smi-mesh.io/v1alpha1', kind: 'TrafficPolicy', metadata };
  return readSourceText('policy.yaml', JSON.stringify({ ...object, spec: { ...body, targetRefs } })).documents;
}
