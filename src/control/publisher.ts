import type { Artifact, DataPlaneAdapter, UnitId } from '../adapter/contract.ts';
import { createViewEmitter, type ViewEmitter } from '../adapter/emitter.ts';
import type { Origin } from '../diagnostics/origin.ts';
import type { Svid } from '../identity/authority.ts';
import type { MeshModel, SpiffeId, WorkloadId } from '../model/types.ts';
import { createView, resourceVersion, type View, type XdsResource } from '../xds/view.ts';

type Resources = readonly XdsResource[];

interface Target {
  readonly adapter: DataPlaneAdapter;
  readonly emitter: ViewEmitter;
}

export interface Publication {
  /** Units whose resources are new, different or gone, as `ADAPTER/UNIT`. */
  readonly changedUnits: readonly string[];
}

/** Keeps what every workload's proxy is to have, and hands over each view that changed. */
export class Publisher {
  readonly #targets: readonly Target[];
  readonly #setView: (node: string, view: View | undefined) => void;
  readonly #encoded = new WeakMap<readonly Artifact[], Resources>();
  readonly #secrets = new Map<string, Resources>();
  readonly #parts = new Map<string, readonly Resources[]>();
  #units: ReadonlyMap<string, Resources> = new Map();
  #origins: ReadonlyMap<string, readonly Origin[]> = new Map();

  constructor(
    targets: readonly { readonly adapter: DataPlaneAdapter; readonly options: unknown }[],
    setView: (node: string, view: View | undefined) => void,
  ) {
    this.#targets = targets.map(({ adapter, options }) => ({ adapter, emitter: createViewEmitter(adapter, options) }));
    this.#setView = setView;
  }

  /** Emits the model, encodes what changed, and renews the views that are touched. */
  publish(model: MeshModel): Publication {
    const units = new Map<string, Resources>();
    const origins = new Map<string, readonly Origin[]>();
    for (const { adapter, emitter } of this.#targets) {
      for (const [unit, artifacts] of emitter.emit(model)) {
        units.set(unitKey(adapter, unit), this.#encode(adapter, artifacts));
        for (const { format, name, origins: from } of artifacts) origins.set(`${format} ${name}`, from);
      }
    }
    const changedUnits = [
      ...[...units].filter(([key, resources]) => this.#units.get(key) !== resources).map(([key]) => key),
      ...[...this.#units.keys()].filter((key) => !units.has(key)),
    ];
    this.#units = units;
    this.#origins = origins;
    for (const { id } of Object.values(model.workloads)) this.#renew(id, this.#partsOf(model, id));
    for (const node of this.#parts.keys()) if (!Object.hasOwn(model.workloads, node)) this.#drop(node);
    return { changedUnits };
  }

  /** Replaces the credential that a workload's proxy is to have. */
  setSecret(node: string, identity: SpiffeId, svid: Svid): void {
    const secrets = this.#targets.map(({ adapter }) => encodeArtifact(adapter, adapter.secret({ identity, ...svid })));
    this.#secrets.set(node, secrets);
    const parts = this.#parts.get(node);
    if (parts !== undefined) this.#setView(node, createView([...parts.flat(), ...secrets]));
  }

  /** The fields that a resource was made from. */
  originsOf(typeUrl: string, name: string): readonly Origin[] {
    return this.#origins.get(`${typeUrl} ${name}`) ?? [];
  }

  #partsOf(model: MeshModel, workload: WorkloadId): readonly Resources[] {
    return this.#targets.flatMap(({ adapter, emitter }) =>
      emitter.view(model, workload).map((unit) => this.#units.get(unitKey(adapter, unit)) ?? []),
    );
  }

  #renew(node: string, parts: readonly Resources[]): void {
    const before = this.#parts.get(node);
    if (before?.length === parts.length && parts.every((part, index) => part === before[index])) return;
    this.#parts.set(node, parts);
    this.#setView(node, createView([...parts.flat(), ...(this.#secrets.get(node) ?? [])]));
  }

  #drop(node: string): void {
    this.#parts.delete(node);
    this.#secrets.delete(node);
    this.#setView(node, undefined);
  }

  #encode(adapter: DataPlaneAdapter, artifacts: readonly Artifact[]): Resources {
    let resources = this.#encoded.get(artifacts);
    if (resources === undefined) {
      resources = artifacts.map((artifact) => encodeArtifact(adapter, artifact));
      this.#encoded.set(artifacts, resources);
    }
    return resources;
  }
}

function unitKey(adapter: DataPlaneAdapter, unit: UnitId): string {
  return `${adapter.id}/${unit}`;
}

function encodeArtifact(adapter: DataPlaneAdapter, artifact: Artifact): XdsResource {
  const body = adapter.encode(artifact);
  return { typeUrl: artifact.format, name: artifact.name, version: resourceVersion(body), body };
}
