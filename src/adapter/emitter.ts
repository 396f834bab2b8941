import { isDeepStrictEqual } from 'node:util';
import type { MeshModel, WorkloadId } from '../model/types.ts';
import type { Adapter, Artifact, DataPlaneAdapter, UnitId } from './contract.ts';
import { createMemo } from './tracking.ts';

/** Emits the units of one adapter after another model, doing only what the change asks for. */
export interface Emitter {
  /**
   * Artifacts by unit, in the adapter's order. A unit whose artifacts did not change has the same array as after the
   * model before.
   */
  emit(model: MeshModel): ReadonlyMap<UnitId, readonly Artifact[]>;
}

export interface ViewEmitter extends Emitter {
  /** The units that a workload may see; the same array as long as they did not change. */
  view(model: MeshModel, workload: WorkloadId): readonly UnitId[];
}

/** An emitter for any adapter. The adapter must be a pure function of the model and of `options`. */
export function createEmitter<Options>(adapter: Adapter<Options>, options: Options): Emitter {
  const artifacts = createMemo<readonly Artifact[]>(
    (model, unit) => adapter.emitUnit(model, unit as UnitId, { options }),
    isDeepStrictEqual,
  );
  return {
    emit(model) {
      const units = adapter.units(model);
      artifacts.keepOnly(new Set(units));
      return new Map(units.map((unit) => [unit, artifacts.get(model, unit)]));
    },
  };
}

/** An emitter that also knows what each workload may see. */
export function createViewEmitter<Options>(adapter: DataPlaneAdapter<Options>, options: Options): ViewEmitter {
  const views = createMemo<readonly UnitId[]>(
    (model, workload) => adapter.view(model, workload as WorkloadId),
    isDeepStrictEqual,
  );
  const { emit } = createEmitter(adapter, options);
  return {
    emit(model) {
      views.keepOnly(new Set(Object.keys(model.workloads)));
      return emit(model);
    },
    view: (model, workload) => views.get(model, workload),
  };
}
