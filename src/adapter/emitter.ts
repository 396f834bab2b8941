import { isDeepStrictEqual } from 'node:util';
import { Source } from '../lib/incremental/stage.ts';
import { Table } from '../lib/incremental/table.ts';
import type { ModelChanges } from '../model/changes.ts';
import type { MeshModel, WorkloadId } from '../model/types.ts';
import type { Adapter, Artifact, DataPlaneAdapter, UnitId } from './contract.ts';
import { TrackedModel } from './tracking.ts';

/** Emits the units of one adapter after another model, doing only what the change asks for. */
export interface Emitter {
  /**
   * Artifacts by unit, in the adapter's order. A unit whose artifacts did not change has the same array as after the
   * model before.
   */
  emit(model: MeshModel): ReadonlyMap<UnitId, readonly Artifact[]>;
}

/** What may be different after another model. */
export interface ViewChanges {
  readonly views: ReadonlySet<WorkloadId>;
  readonly units: ReadonlySet<UnitId>;
}

/** Emits what some workloads may see, and nothing else. */
export interface ViewEmitter {
  /** Takes the next model in; without `changes` it is compared with the one before. */
  follow(model: MeshModel, changes?: ModelChanges): ViewChanges;
  /** The workload's units are kept up to date from now on. */
  open(workload: WorkloadId): ViewChanges;
  close(workload: WorkloadId): ViewChanges;
  /** The units that an open workload may see; the same array as long as they did not change. */
  view(workload: WorkloadId): readonly UnitId[];
  /** The artifacts of a unit in one of the views; the same array as long as they did not change. */
  artifacts(unit: UnitId): readonly Artifact[];
}

const nothing: readonly never[] = [];

/** An emitter for any adapter. The adapter must be a pure function of the model and of `options`. */
export function createEmitter<Options>(adapter: Adapter<Options>, options: Options): Emitter {
  const tracked = new TrackedModel();
  const { wanted, artifacts } = unitsOf(tracked, adapter, options);
  return {
    emit(model) {
      tracked.follow(model);
      const units = adapter.units(model, { options });
      wanted.replace(new Map(units.map((unit) => [unit, true])));
      tracked.graph.refresh();
      return new Map(units.map((unit) => [unit, artifacts.peek(unit) ?? nothing]));
    },
  };
}

/** An emitter for the workloads whose proxies are there. */
export function createViewEmitter<Options>(adapter: DataPlaneAdapter<Options>, options: Options): ViewEmitter {
  const tracked = new TrackedModel();
  const { graph, model } = tracked;
  const open = new Source<WorkloadId, true>(graph);
  const views = new Table<WorkloadId, readonly UnitId[]>(graph, [open], (workload) =>
    adapter.view(model, workload, { options }),
  );
  const { wanted, artifacts } = unitsOf(tracked, adapter, options);
  const changed = { views: new Set<WorkloadId>(), units: new Set<UnitId>() };
  artifacts.onValue((unit) => void changed.units.add(unit));
  /** In how many views a unit is. */
  const uses = new Map<UnitId, number>();
  const known = new Map<WorkloadId, readonly UnitId[]>();
  views.onValue((workload) => {
    changed.views.add(workload);
    const now = views.peek(workload) ?? nothing;
    for (const unit of now) count(unit, 1);
    for (const unit of known.get(workload) ?? nothing) count(unit, -1);
    if (now.length === 0) known.delete(workload);
    else known.set(workload, now);
  });
  const count = (unit: UnitId, more: 1 | -1) => {
    const number = (uses.get(unit) ?? 0) + more;
    if (number === 0) uses.delete(unit);
    else uses.set(unit, number);
    wanted.put(unit, number === 0 ? undefined : true);
  };
  const refreshed = (): ViewChanges => {
    graph.refresh();
    const found = { views: new Set(changed.views), units: new Set(changed.units) };
    changed.views.clear();
    changed.units.clear();
    return found;
  };
  return {
    follow(next, changes) {
      tracked.follow(next, changes);
      return refreshed();
    },
    open(workload) {
      open.put(workload, true);
      return refreshed();
    },
    close(workload) {
      open.put(workload, undefined);
      return refreshed();
    },
    view: (workload) => views.peek(workload) ?? nothing,
    artifacts: (unit) => artifacts.peek(unit) ?? nothing,
  };
}

/** The units that somebody wants, each with its artifacts. */
function unitsOf<Options>({ graph, model }: TrackedModel, adapter: Adapter<Options>, options: Options) {
  const wanted = new Source<UnitId, true>(graph);
  const artifacts = new Table<UnitId, readonly Artifact[]>(
    graph,
    [wanted],
    (unit) => adapter.emitUnit(model, unit, { options }),
    isDeepStrictEqual,
  );
  return { wanted, artifacts };
}
