import type { Translator } from '../../adapter/contract.ts';
import { restricts } from '../../model/guards.ts';
import type { MeshModel } from '../../model/types.ts';

/** Whether a mesh keeps anybody out anywhere. */
export function keepsOut({ inbound }: MeshModel): boolean {
  return Object.values(inbound).some(restricts);
}

/**
 * Whether a translator writes nothing of a model while no option says that something else keeps callers out. Only of such a
 * one may documents ask nobody where the mesh does: somebody has said who does instead.
 */
export function refusesUnasked(translator: Translator, model: MeshModel): boolean {
  const parsed = translator.parseOptions({});
  return parsed.ok && (translator.refuse?.(model, parsed.value) ?? []).some(({ code }) => code === 'SMI5004');
}
