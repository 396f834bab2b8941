import type { Workload } from '../../../src/model/types.ts';

/** What of a client decides about what its sidecar does with connections to a service port. */
export interface Caller extends Pick<Workload, 'id' | 'identity' | 'namespace' | 'set' | 'locality'> {
  readonly intercepted: boolean;
  /** Says all of it, for names of what is shared. */
  readonly key: string;
}

export function callerOf({ id, identity, namespace, set, locality, outbound }: Workload): Caller {
  const intercepted = outbound === 'intercepted';
  const key = JSON.stringify([id, identity, namespace, set, locality?.region, locality?.zone, intercepted]);
  return { id, identity, namespace, set, ...(locality === undefined ? {} : { locality }), intercepted, key };
}
