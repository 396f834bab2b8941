import type { MeshModel } from '../model/types.ts';
import type { Adapter, Artifact, Loss } from './contract.ts';

/** Everything that an adapter makes of a model. */
export interface Emission {
  readonly artifacts: readonly Artifact[];
  readonly losses: readonly Loss[];
}

/** Emits every unit once. */
export function emitAll<Options>(adapter: Adapter<Options>, model: MeshModel, options: Options): Emission {
  const losses: Loss[] = [];
  const context = { options, report: (loss: Loss) => void losses.push(loss) };
  const artifacts = adapter.units(model, { options }).flatMap((unit) => adapter.emitUnit(model, unit, context));
  return { artifacts, losses };
}
