import { type ObjectKey, parseObjectKey } from '../diagnostics/origin.ts';
import type { MeshModel, ServiceId } from '../model/types.ts';

/** A split in force. */
export interface SplitWeights {
  readonly root: ServiceId;
  /** By backend; relative. */
  readonly weights: ReadonlyMap<ServiceId, number>;
}

/** The splits that govern something, by object. Every port and rule of a split has the same weights. */
export function splitWeights(model: MeshModel): ReadonlyMap<ObjectKey, SplitWeights> {
  const splits = new Map<ObjectKey, SplitWeights>();
  for (const { service, ports } of Object.values(model.outbound)) {
    for (const { rules } of Object.values(ports)) {
      for (const { to, origins } of rules) {
        const object = origins.find((origin) => parseObjectKey(origin.object).kind === 'TrafficSplit')?.object;
        if (to.kind !== 'weighted' || object === undefined) continue;
        splits.set(object, {
          root: service,
          weights: new Map(to.targets.map(({ service: backend, weight }) => [backend, weight])),
        });
      }
    }
  }
  return splits;
}
