import { createHash } from 'node:crypto';
import type { Workload } from '../../../src/model/types.ts';

/** What of a client decides about what its sidecar does with connections to a service port. */
export interface Caller extends Pick<Workload, 'id' | 'identity' | 'namespace' | 'set' | 'locality'> {
  readonly intercepted: boolean;
  /** Stands for all of it in names of what is shared; short, because there are as many of them as service ports. */
  readonly key: string;
}

export function callerOf({ id, identity, namespace, set, locality, outbound }: Workload): Caller {
  const intercepted = outbound === 'intercepted';
  const all = JSON.stringify([id, identity, namespace, set, locality?.region, locality?.zone, intercepted]);
  const key = createHash('sha256').update(all).digest('base64url').slice(0, 22);
  return { id, identity, namespace, set, ...(locality === undefined ? {} : { locality }), intercepted, key };
}
