import { applyDelta, type DeltaRequest } from './delta.ts';
import { encodeDelta, encodeSotw } from './encoding.ts';
import { applySotw, type SotwRequest } from './sotw.ts';
import type { Answer, Batch, Subscription } from './subscription.ts';
import { type FromNode, readDelta, readSotw } from './wire.ts';

/** A variant of the xDS transport protocol: what its requests mean and how its messages look. */
export interface Protocol<Request> {
  readonly variant: 'delta' | 'sotw';
  read(bytes: Buffer): FromNode<Request>;
  /** All that a request names. */
  names(request: Request): readonly string[];
  apply(subscription: Subscription, request: Request): Answer | undefined;
  write(batch: Batch): Buffer;
}

export const delta: Protocol<DeltaRequest> = {
  variant: 'delta',
  read: readDelta,
  names: ({ subscribe, initialVersions }) => [...subscribe, ...Object.keys(initialVersions)],
  apply: applyDelta,
  write: encodeDelta,
};
export const sotw: Protocol<SotwRequest> = {
  variant: 'sotw',
  read: readSotw,
  names: ({ names }) => names,
  apply: applySotw,
  write: encodeSotw,
};
