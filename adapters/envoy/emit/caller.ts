import { shared } from '../../../src/adapter/tracking.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import type {
  MeshModel,
  NamespaceId,
  SpiffeId,
  Workload,
  WorkloadId,
  WorkloadSetId,
} from '../../../src/model/types.ts';

/** What of a client decides about what its sidecar does with connections to a service port; pods that are alike share it. */
export interface Caller extends Pick<Workload, 'identity' | 'namespace' | 'set' | 'locality'> {
  /** Where some grant tells the pods of its identity apart. */
  readonly id?: WorkloadId;
  readonly intercepted: boolean;
  /** Stands for all of it in names, without a space; `callerWithKey` reads it back. */
  readonly key: string;
}

export function callerOf(model: MeshModel, client: Workload): Caller {
  const { identity, namespace, set, locality, outbound } = client;
  const id = toldApart(model)[identity] === undefined ? undefined : client.id;
  const intercepted = outbound === 'intercepted';
  const place = locality === undefined ? [] : [locality.region, locality.zone];
  const key = [set, intercepted ? '' : 'bound', id, ...place].map((part) => encodeURIComponent(part ?? '')).join('|');
  return {
    identity,
    namespace,
    set,
    ...(locality === undefined ? {} : { locality }),
    ...(id === undefined ? {} : { id }),
    intercepted,
    key,
  };
}

export function callerWithKey({ trustDomain }: MeshModel, key: string): Caller {
  const [set = '', bound, id = '', ...place] = key.split('|').map(decodeURIComponent);
  const [namespace = '', account = ''] = set.split('~')[0]!.split('/');
  const [region, zone] = place.map((part) => part || undefined);
  const locality = { ...(region === undefined ? {} : { region }), ...(zone === undefined ? {} : { zone }) };
  return {
    identity: spiffeId(trustDomain, namespace, account),
    namespace: namespace as NamespaceId,
    set: set as WorkloadSetId,
    ...(place.length === 0 ? {} : { locality }),
    ...(id === '' ? {} : { id: id as WorkloadId }),
    intercepted: bound === '',
    key,
  };
}

/** Identities not all of whose workloads some grant means. */
function toldApart(model: MeshModel): Readonly<Record<SpiffeId, true>> {
  return shared(model, 'identities told apart', ({ inbound }) => {
    const principals = Object.values(inbound).flatMap(({ grants }) => grants.flatMap(({ from }) => from));
    return Object.fromEntries(
      principals.filter(({ kind }) => kind !== 'identity').map(({ spiffe }) => [spiffe, true as const]),
    );
  });
}
