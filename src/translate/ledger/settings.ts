import type { SupportTable } from '../../adapter/contract.ts';
import type { Feature } from '../../adapter/features.ts';
import type { FieldFate } from './types.ts';

/** What a setting of MeshConfig asks of a target. */
function featureOf(setting: string, value: unknown): Feature | undefined {
  switch (setting) {
    case 'accessMode':
      return value === 'audit' ? 'access-audit' : value === 'allow' ? 'access-allow' : 'access-identity';
    case 'outboundMode':
      return value === 'registry-only' ? 'outbound-registry-only' : 'outbound-passthrough';
    case 'clientAccess':
      return value === 'refuse' ? 'client-access' : undefined;
    case 'metrics':
      return value === 'none' ? 'metrics-none' : undefined;
    case 'tracing':
      return 'tracing';
    case 'trustDomains':
      return 'access-federated';
    default:
      return undefined;
  }
}

/** Settings have no place in the model: what the support table says of their features holds for them. */
export function settingFate(support: SupportTable, setting: string, value: unknown): FieldFate {
  const feature = featureOf(setting, value);
  if (feature === undefined) return { fate: 'meaningless', why: 'it concerns the sidecars of this mesh' };
  const entry = support[feature];
  if (entry.level === 'none') return { fate: 'lost', why: entry.why, code: 'SMI5002' };
  if (entry.level === 'approximate') return { fate: 'changed', why: entry.how, code: 'SMI5001' };
  return { fate: 'as-is', why: 'it holds for the mesh as a whole' };
}
