import type { Artifact, DataPlaneAdapter, UnitId } from '../adapter/contract.ts';
import { createViewEmitter, type ViewChanges, type ViewEmitter } from '../adapter/emitter.ts';
import { lasting } from '../lib/lasting-bytes.ts';
import type { ModelChanges } from '../model/changes.ts';
import type { MeshModel, WorkloadId } from '../model/types.ts';
import type { NodeInfo } from '../xds/contract.ts';
import { createView, resourceVersion, type View, type XdsResource } from '../xds/view.ts';

export type Resources = readonly XdsResource[];

/** A kind of client that the control plane serves. */
export interface DataPlane {
  readonly adapter: DataPlaneAdapter;
  readonly options: unknown;
  /** Tells its clients from others that ask for the same types; absent: all who ask for its types. */
  readonly takes?: (node: NodeInfo) => boolean;
  /** Its clients may also come through the control plane's local socket: what it hands out holds no keys. */
  readonly local?: true;
}

interface Held {
  readonly view: View;
  units: ReadonlySet<UnitId>;
  secrets: Resources;
}

const nothing: Resources = [];

/**
 * The views of one data plane's connected proxies. Only what they may see is emitted and encoded, and a change of the model
 * costs what it touches: a unit that is different is encoded once, and put into each view that has it.
 */
export class PlaneViews {
  readonly #adapter: DataPlaneAdapter;
  readonly #emitter: ViewEmitter;
  readonly #held = new Map<WorkloadId, Held>();
  readonly #resources = new Map<UnitId, Resources>();
  readonly #artifacts = new WeakMap<XdsResource, Artifact>();

  constructor({ adapter, options }: Pick<DataPlane, 'adapter' | 'options'>) {
    this.#adapter = adapter;
    this.#emitter = createViewEmitter(adapter, options);
  }

  /** Follows the model and returns the units of the views that are new, different or gone. */
  follow(model: MeshModel, changes: ModelChanges): readonly UnitId[] {
    for (const id of changes.workloads) if (!Object.hasOwn(model.workloads, id)) this.close(id);
    return this.#update(this.#emitter.follow(model, changes));
  }

  /** The view of a workload that exists. */
  open(workload: WorkloadId, secrets: () => readonly Artifact[]): View {
    const known = this.#held.get(workload);
    if (known !== undefined) return known.view;
    const held: Held = { view: createView(), units: new Set(), secrets: nothing };
    // Emitting may throw: then the workload has no view yet, and may ask again.
    const changes = this.#emitter.open(workload);
    this.#held.set(workload, held);
    this.#update(changes);
    this.setSecrets(workload, secrets);
    return held.view;
  }

  close(workload: WorkloadId): void {
    if (this.#held.delete(workload)) this.#update(this.#emitter.close(workload));
  }

  /** Replaces the secrets of a workload whose view is open. */
  setSecrets(workload: WorkloadId, secrets: () => readonly Artifact[]): void {
    const held = this.#held.get(workload);
    if (held === undefined) return;
    const before = held.secrets;
    held.secrets = secrets().map((artifact) => encodeArtifact(this.#adapter, artifact));
    this.#put(held, held.secrets, before);
  }

  opened(): Iterable<WorkloadId> {
    return this.#held.keys();
  }

  /** What a resource was made from; nothing for secrets. */
  artifactOf(resource: XdsResource): Artifact | undefined {
    return this.#artifacts.get(resource);
  }

  #update({ views, units }: ViewChanges): readonly UnitId[] {
    const before = new Map([...units].map((unit) => [unit, this.#resources.get(unit) ?? nothing]));
    for (const unit of units) this.#encode(unit);
    for (const [workload, held] of this.#held) {
      const old = held.units;
      if (views.has(workload)) held.units = new Set(this.#emitter.view(workload));
      const moved = old === held.units ? [] : [...without(old, held.units), ...without(held.units, old)];
      const touched = new Set([...moved, ...[...units].filter((unit) => old.has(unit) || held.units.has(unit))]);
      const [now, gone]: [XdsResource[], XdsResource[]] = [[], []];
      for (const unit of touched) {
        if (held.units.has(unit)) now.push(...this.#of(unit));
        if (old.has(unit)) gone.push(...(before.get(unit) ?? this.#of(unit)));
      }
      this.#put(held, now, gone);
    }
    return [...units];
  }

  #of(unit: UnitId): Resources {
    return this.#resources.get(unit) ?? nothing;
  }

  #encode(unit: UnitId): void {
    const artifacts = this.#emitter.artifacts(unit);
    const known = new Map(this.#of(unit).map((resource) => [this.#artifacts.get(resource)?.body, resource]));
    const resources = artifacts.map((artifact) => {
      const same = known.get(artifact.body);
      const kept = same?.typeUrl === artifact.format && same.name === artifact.name;
      const resource = kept ? same : encodeArtifact(this.#adapter, artifact);
      this.#artifacts.set(resource, artifact);
      return resource;
    });
    if (resources.length === 0) this.#resources.delete(unit);
    else this.#resources.set(unit, resources);
  }

  /** Puts what is new into the view, and takes out of what was there before what nothing names any more. */
  #put(held: Held, now: Resources, before: Resources): void {
    const set = new Set(now.map(keyOf));
    const dropped = before.filter((resource) => !set.has(keyOf(resource)));
    if (now.length + dropped.length === 0) return;
    const kept = dropped.length === 0 ? set : new Set(this.#all(held).map(keyOf));
    held.view.update({ set: now, removed: dropped.filter((resource) => !kept.has(keyOf(resource))) });
  }

  #all({ units, secrets }: Held): Resources {
    return [...[...units].flatMap((unit) => this.#of(unit)), ...secrets];
  }
}

function without(units: ReadonlySet<UnitId>, others: ReadonlySet<UnitId>): readonly UnitId[] {
  return [...units].filter((unit) => !others.has(unit));
}

function keyOf({ typeUrl, name }: XdsResource): string {
  return `${typeUrl} ${name}`;
}

function encodeArtifact(adapter: DataPlaneAdapter, artifact: Artifact): XdsResource {
  const body = lasting(adapter.encode(artifact));
  const awaits = adapter.awaits?.(artifact).map(({ format, name }) => ({ typeUrl: format, name })) ?? [];
  const resource = { typeUrl: artifact.format, name: artifact.name, version: resourceVersion(body), body };
  return awaits.length === 0 ? resource : { ...resource, awaits };
}
