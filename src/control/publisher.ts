import type { Artifact, Credential, DataPlaneAdapter, UnitId } from '../adapter/contract.ts';
import { createViewEmitter, type ViewEmitter } from '../adapter/emitter.ts';
import type { Origin } from '../diagnostics/origin.ts';
import type { Svid } from '../identity/authority.ts';
import type { MeshModel, SpiffeId, WorkloadId } from '../model/types.ts';
import { createView, resourceVersion, type View, type XdsResource } from '../xds/view.ts';

type Resources = readonly XdsResource[];
const nothing: Resources = [];

interface Target {
  readonly adapter: DataPlaneAdapter;
  readonly emitter: ViewEmitter;
  units: ReadonlyMap<UnitId, Resources>;
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
  readonly #credentials = new Map<string, Credential>();
  readonly #secrets = new Map<string, Resources>();
  readonly #parts = new Map<string, readonly Resources[]>();
  #origins: ReadonlyMap<string, readonly Origin[]> = new Map();
  #model: MeshModel | undefined;

  constructor(
    targets: readonly { readonly adapter: DataPlaneAdapter; readonly options: unknown }[],
    setView: (node: string, view: View | undefined) => void,
  ) {
    this.#targets = targets.map(({ adapter, options }) => ({
      adapter,
      emitter: createViewEmitter(adapter, options),
      units: new Map(),
    }));
    this.#setView = setView;
  }

  /** Emits the model, encodes what changed, and renews the views that are touched. */
  publish(model: MeshModel): Publication {
    const origins = new Map<string, readonly Origin[]>();
    const changedUnits: string[] = [];
    for (const target of this.#targets) {
      const before = target.units;
      target.units = this.#emit(target, model, origins);
      changedUnits.push(...changedBetween(before, target.units).map((unit) => `${target.adapter.id}/${unit}`));
    }
    this.#origins = origins;
    const settings = this.#model?.settings;
    this.#model = model;
    for (const { id } of Object.values(model.workloads)) this.#renew(id, this.#partsOf(model, id));
    for (const node of this.#parts.keys()) if (!Object.hasOwn(model.workloads, node)) this.#drop(node);
    // The roots of other trust domains are settings.
    if (settings !== model.settings) for (const [node, held] of this.#credentials) this.#hand(node, held);
    return { changedUnits };
  }

  /** Replaces the credential that a workload's proxy is to have. */
  setSecret(node: string, identity: SpiffeId, svid: Svid): void {
    const credential = { identity, ...svid };
    this.#credentials.set(node, credential);
    this.#hand(node, credential);
  }

  /** The fields that a resource was made from. */
  originsOf(typeUrl: string, name: string): readonly Origin[] {
    return this.#origins.get(`${typeUrl} ${name}`) ?? [];
  }

  #hand(node: string, credential: Credential): void {
    const model = this.#model;
    if (model === undefined) return;
    const secrets = this.#targets.flatMap(({ adapter }) =>
      adapter.secrets(model, credential).map((artifact) => encodeArtifact(adapter, artifact)),
    );
    this.#secrets.set(node, secrets);
    const parts = this.#parts.get(node);
    if (parts !== undefined) this.#setView(node, createView([...parts.flat(), ...secrets]));
  }

  #emit({ adapter, emitter }: Target, model: MeshModel, origins: Map<string, readonly Origin[]>) {
    const units = new Map<UnitId, Resources>();
    for (const [unit, artifacts] of emitter.emit(model)) {
      units.set(unit, this.#encode(adapter, artifacts));
      for (const { format, name, origins: from } of artifacts) origins.set(`${format} ${name}`, from);
    }
    return units;
  }

  #partsOf(model: MeshModel, workload: WorkloadId): readonly Resources[] {
    return this.#targets.flatMap(({ emitter, units }) =>
      emitter.view(model, workload).map((unit) => units.get(unit) ?? nothing),
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
    this.#credentials.delete(node);
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

/** Units that are new, different or gone. */
function changedBetween(before: ReadonlyMap<UnitId, Resources>, now: ReadonlyMap<UnitId, Resources>): UnitId[] {
  const different = [...now].filter(([unit, resources]) => before.get(unit) !== resources).map(([unit]) => unit);
  return [...different, ...[...before.keys()].filter((unit) => !now.has(unit))];
}

function encodeArtifact(adapter: DataPlaneAdapter, artifact: Artifact): XdsResource {
  const body = adapter.encode(artifact);
  return { typeUrl: artifact.format, name: artifact.name, version: resourceVersion(body), body };
}
