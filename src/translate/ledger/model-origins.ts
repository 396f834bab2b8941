import type { Origin } from '../../diagnostics/origin.ts';
import { isRecord } from '../../lib/values.ts';
import type { MeshModel } from '../../model/types.ts';

/** Every field that a node of the model comes from. */
export function modelOrigins(model: MeshModel): readonly Origin[] {
  const found: Origin[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (!isRecord(value)) return;
    for (const [key, child] of Object.entries(value)) {
      if (key === 'origins' && Array.isArray(child)) found.push(...(child as readonly Origin[]));
      else visit(child);
    }
  };
  visit(model);
  return found;
}
