import type { Artifact, Credential } from '../adapter/contract.ts';
import type { Svid } from '../identity/authority.ts';
import { changesBetween, type ModelChanges } from '../model/changes.ts';
import type { MeshModel, SpiffeId, WorkloadId } from '../model/types.ts';
import type { NodeInfo } from '../xds/contract.ts';
import type { View, XdsResource } from '../xds/view.ts';
import { type DataPlane, PlaneViews } from './plane-views.ts';

export type { DataPlane } from './plane-views.ts';

interface Target {
  readonly plane: DataPlane;
  readonly views: PlaneViews;
}

export interface Publication {
  /** Units of connected proxies whose resources are new, different or gone, as `ADAPTER/UNIT`. */
  readonly changedUnits: readonly string[];
}

/** Keeps what every connected workload's proxy is to have, in views that change in place. */
export class Publisher {
  readonly #targets: readonly Target[];
  readonly #credentials = new Map<string, Credential>();
  #model: MeshModel | undefined;

  constructor(planes: readonly DataPlane[]) {
    this.#targets = planes.map((plane) => ({ plane, views: new PlaneViews(plane) }));
  }

  /** Emits and encodes what changed for the proxies that are connected, and updates the views that are touched. */
  publish(model: MeshModel, changes: ModelChanges = changesBetween(this.#model, model)): Publication {
    // The roots of other trust domains are settings.
    const sameSecrets = this.#model?.settings === model.settings;
    this.#model = model;
    for (const node of this.#credentials.keys()) {
      if (!Object.hasOwn(model.workloads, node)) this.#credentials.delete(node);
    }
    const changedUnits = this.#targets.flatMap(({ plane, views }) => {
      const units = views.follow(model, changes).map((unit) => `${plane.adapter.id}/${unit}`);
      if (!sameSecrets) for (const node of views.opened()) views.setSecrets(node, () => this.#secretsOf(plane, node));
      return units;
    });
    return { changedUnits };
  }

  /**
   * What a workload's proxy is to have of the types of one adapter; nothing for a workload that does not exist. `local`:
   * the client came through the local socket.
   */
  viewOf(info: NodeInfo, typeUrl: string, local = false): View | undefined {
    const node = info.id as WorkloadId;
    const target = this.#targets.find(
      ({ plane }) =>
        plane.adapter.typeOrder.includes(typeUrl) && plane.takes?.(info) !== false && (!local || plane.local === true),
    );
    if (target === undefined || this.#model === undefined || !Object.hasOwn(this.#model.workloads, node))
      return undefined;
    return target.views.open(node, () => this.#secretsOf(target.plane, node));
  }

  /** No proxy of this workload is connected any more. */
  release(node: string): void {
    for (const { views } of this.#targets) views.close(node as WorkloadId);
  }

  /** Replaces the credential that a workload's proxy is to have. */
  setSecret(node: string, identity: SpiffeId, svid: Svid): void {
    this.#credentials.set(node, { identity, ...svid });
    for (const { plane, views } of this.#targets) {
      views.setSecrets(node as WorkloadId, () => this.#secretsOf(plane, node));
    }
  }

  /** What a resource was made from; nothing for secrets. */
  artifactOf(resource: XdsResource): Artifact | undefined {
    for (const { views } of this.#targets) {
      const artifact = views.artifactOf(resource);
      if (artifact !== undefined) return artifact;
    }
    return undefined;
  }

  #secretsOf({ adapter }: DataPlane, node: string): readonly Artifact[] {
    const credential = this.#credentials.get(node);
    return credential === undefined || this.#model === undefined ? [] : adapter.secrets(this.#model, credential);
  }
}
