import { parseObjectKey } from '../diagnostics/origin.ts';
import type { SourceDocument } from '../source/types.ts';

export const policyGroup = 'policy.smi-mesh.io';
export const policyKind = 'TrafficPolicy';
export const policyVersion = 'v1alpha1';

/** Whether an object is of the group of policies. */
export function isPolicyGroup(document: SourceDocument): boolean {
  return parseObjectKey(document.key).group === policyGroup;
}
