import type { Artifact, Credential, DataPlaneAdapter, UnitId } from '../adapter/contract.ts';
import { createViewEmitter, type ViewEmitter } from '../adapter/emitter.ts';
import type { Svid } from '../identity/authority.ts';
import type { MeshModel, SpiffeId, WorkloadId } from '../model/types.ts';
import type { NodeInfo } from '../xds/contract.ts';
import { createView, resourceVersion, type View, type XdsResource } from '../xds/view.ts';

type Resources = readonly XdsResource[];
const nothing: Resources = [];

/** A kind of client that the control plane serves. */
export interface DataPlane {
  readonly adapter: DataPlaneAdapter;
  readonly options: unknown;
  /** Tells its clients from others that ask for the same types; absent: all who ask for its types. */
  readonly takes?: (node: NodeInfo) => boolean;
  /** Emits nothing as long as none of its clients is connected. */
  readonly onDemand?: true;
  /** Its clients may also come through the control plane's local socket: what it hands out holds no keys. */
  readonly local?: true;
}

interface Target {
  readonly plane: DataPlane;
  readonly adapter: DataPlaneAdapter;
  readonly emitter: ViewEmitter;
  units: ReadonlyMap<UnitId, Resources>;
  /** Of the workloads whose proxies are connected. */
  readonly views: Map<string, TargetView>;
}

interface TargetView {
  readonly view: View;
  parts: readonly Resources[];
  secrets: Resources;
}

export interface Publication {
  /** Units whose resources are new, different or gone, as `ADAPTER/UNIT`. */
  readonly changedUnits: readonly string[];
}

/** Keeps what every connected workload's proxy is to have, in views that change in place. */
export class Publisher {
  readonly #targets: readonly Target[];
  readonly #encoded = new WeakMap<readonly Artifact[], Resources>();
  readonly #credentials = new Map<string, Credential>();
  readonly #artifacts = new WeakMap<XdsResource, Artifact>();
  #model: MeshModel | undefined;

  constructor(planes: readonly DataPlane[]) {
    this.#targets = planes.map((plane) => ({
      plane,
      adapter: plane.adapter,
      emitter: createViewEmitter(plane.adapter, plane.options),
      units: new Map(),
      views: new Map(),
    }));
  }

  /** Emits the model, encodes what changed, and updates the views that are touched. */
  publish(model: MeshModel): Publication {
    const changedUnits: string[] = [];
    // The roots of other trust domains are settings.
    const sameSecrets = this.#model?.settings === model.settings;
    this.#model = model;
    for (const node of this.#credentials.keys()) {
      if (!Object.hasOwn(model.workloads, node)) this.#credentials.delete(node);
    }
    for (const target of this.#targets) {
      if (isIdle(target)) continue;
      const before = target.units;
      this.#emit(target, model);
      changedUnits.push(...changedBetween(before, target.units).map((unit) => `${target.adapter.id}/${unit}`));
      for (const [node, held] of target.views) {
        if (!Object.hasOwn(model.workloads, node)) target.views.delete(node);
        else {
          const secrets = sameSecrets ? held.secrets : this.#secretsOf(target, model, node);
          renew(held, partsOf(target, model, node as WorkloadId), secrets);
        }
      }
    }
    return { changedUnits };
  }

  /**
   * What a workload's proxy is to have of the types of one adapter; nothing for a workload that does not exist. `local`:
   * the client came through the local socket.
   */
  viewOf(info: NodeInfo, typeUrl: string, local = false): View | undefined {
    const model = this.#model;
    const node = info.id;
    const target = this.#targets.find(
      ({ adapter, plane }) =>
        adapter.typeOrder.includes(typeUrl) && plane.takes?.(info) !== false && (!local || plane.local === true),
    );
    if (target === undefined || model === undefined || !Object.hasOwn(model.workloads, node)) return undefined;
    const existing = target.views.get(node);
    if (existing !== undefined) return existing.view;
    if (isIdle(target)) this.#emit(target, model);
    const held = { view: createView(), parts: [], secrets: nothing };
    target.views.set(node, held);
    renew(held, partsOf(target, model, node as WorkloadId), this.#secretsOf(target, model, node));
    return held.view;
  }

  /** No proxy of this workload is connected any more. */
  release(node: string): void {
    for (const target of this.#targets) {
      target.views.delete(node);
      if (isIdle(target)) target.units = new Map();
    }
  }

  /** Replaces the credential that a workload's proxy is to have. */
  setSecret(node: string, identity: SpiffeId, svid: Svid): void {
    this.#credentials.set(node, { identity, ...svid });
    for (const target of this.#targets) {
      const held = target.views.get(node);
      if (held !== undefined && this.#model !== undefined) {
        renew(held, held.parts, this.#secretsOf(target, this.#model, node));
      }
    }
  }

  /** What a resource was made from; nothing for secrets. */
  artifactOf(resource: XdsResource): Artifact | undefined {
    return this.#artifacts.get(resource);
  }

  #emit(target: Target, model: MeshModel): void {
    const units = new Map<UnitId, Resources>();
    for (const [unit, artifacts] of target.emitter.emit(model)) {
      units.set(unit, this.#encode(target.adapter, artifacts));
    }
    target.units = units;
  }

  #encode(adapter: DataPlaneAdapter, artifacts: readonly Artifact[]): Resources {
    let resources = this.#encoded.get(artifacts);
    if (resources === undefined) {
      resources = artifacts.map((artifact) => {
        const resource = encodeArtifact(adapter, artifact);
        this.#artifacts.set(resource, artifact);
        return resource;
      });
      this.#encoded.set(artifacts, resources);
    }
    return resources;
  }

  #secretsOf({ adapter }: Target, model: MeshModel, node: string): Resources {
    const credential = this.#credentials.get(node);
    if (credential === undefined) return nothing;
    return adapter.secrets(model, credential).map((artifact) => encodeArtifact(adapter, artifact));
  }
}

function isIdle({ plane, views }: Target): boolean {
  return plane.onDemand === true && views.size === 0;
}

function partsOf({ emitter, units }: Target, model: MeshModel, workload: WorkloadId): readonly Resources[] {
  return emitter.view(model, workload).map((unit) => units.get(unit) ?? nothing);
}

/** Puts what is new into the view, and takes out what nothing names any more. */
function renew(held: TargetView, parts: readonly Resources[], secrets: Resources): void {
  const [before, now] = [new Set([...held.parts, held.secrets]), new Set([...parts, secrets])];
  held.parts = parts;
  held.secrets = secrets;
  const set = [...now].filter((part) => !before.has(part)).flat();
  const dropped = [...before].filter((part) => !now.has(part)).flat();
  if (set.length === 0 && dropped.length === 0) return;
  const kept = new Set([...now].flatMap((part) => part.map(({ typeUrl, name }) => `${typeUrl} ${name}`)));
  held.view.update({ set, removed: dropped.filter(({ typeUrl, name }) => !kept.has(`${typeUrl} ${name}`)) });
}

/** Units that are new, different or gone. */
function changedBetween(before: ReadonlyMap<UnitId, Resources>, now: ReadonlyMap<UnitId, Resources>): UnitId[] {
  const different = [...now].filter(([unit, resources]) => before.get(unit) !== resources).map(([unit]) => unit);
  return [...different, ...[...before.keys()].filter((unit) => !now.has(unit))];
}

function encodeArtifact(adapter: DataPlaneAdapter, artifact: Artifact): XdsResource {
  const body = adapter.encode(artifact);
  const awaits = adapter.awaits?.(artifact).map(({ format, name }) => ({ typeUrl: format, name })) ?? [];
  const resource = { typeUrl: artifact.format, name: artifact.name, version: resourceVersion(body), body };
  return awaits.length === 0 ? resource : { ...resource, awaits };
}
