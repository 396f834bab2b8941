import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import type { Connection } from './connect.ts';
import { type ClusterFault, fault } from './fault.ts';

/** A Lease of coordination.k8s.io/v1, as far as an election looks at it. */
export interface Lease {
  /** Empty when nobody holds it. */
  readonly holder: string;
  readonly durationMillis: number;
  readonly transitions: number;
  /** Differs with every renewal. */
  readonly resourceVersion: string;
  /** The whole object, to be written back. */
  readonly object: Fields;
}

export interface LeaseName {
  readonly namespace: string;
  readonly name: string;
}

function pathOf({ namespace }: LeaseName): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
}

/** Nothing where there is no such Lease. */
export async function readLease(
  connection: Connection,
  lease: LeaseName,
  signal: AbortSignal,
): Promise<Result<Lease | undefined, ClusterFault>> {
  const got = await connection.get(`${pathOf(lease)}/${lease.name}`, { signal });
  if (!got.ok) return got.error.status === 404 ? ok(undefined) : got;
  return decode(got.value);
}

export interface LeaseClaim {
  /** Empty to give it up. */
  readonly holder: string;
  readonly durationMillis: number;
  /** Whether the holder is another than before. */
  readonly taken: boolean;
}

/** Creates or replaces it. A 409 says that somebody else was faster. */
export async function writeLease(
  connection: Connection,
  lease: LeaseName,
  before: Lease | undefined,
  claim: LeaseClaim,
  timeout: number,
): Promise<Result<Lease, ClusterFault>> {
  const { holder, durationMillis, taken } = claim;
  const now = new Date().toISOString().replace('Z', '000Z');
  const spec = {
    ...(isRecord(before?.object.spec) ? before.object.spec : {}),
    holderIdentity: holder,
    leaseDurationSeconds: Math.max(1, Math.ceil(durationMillis / 1000)),
    renewTime: now,
    ...(taken ? { acquireTime: now, leaseTransitions: (before?.transitions ?? -1) + 1 } : {}),
  };
  const { name, namespace } = lease;
  const object = {
    ...(before?.object ?? { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace } }),
    spec,
  };
  const sent =
    before === undefined
      ? await connection.send('POST', pathOf(lease), object, { timeout })
      : await connection.send('PUT', `${pathOf(lease)}/${name}`, object, { timeout });
  return sent.ok ? decode(sent.value) : sent;
}

function decode(value: unknown): Result<Lease, ClusterFault> {
  if (!isRecord(value) || !isRecord(value.metadata)) return err(fault('the apiserver answers no Lease'));
  const spec = isRecord(value.spec) ? value.spec : {};
  const { holderIdentity, leaseDurationSeconds, leaseTransitions } = spec;
  return ok({
    holder: typeof holderIdentity === 'string' ? holderIdentity : '',
    durationMillis: typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1000 : 0,
    transitions: typeof leaseTransitions === 'number' ? leaseTransitions : 0,
    resourceVersion: String(value.metadata.resourceVersion ?? ''),
    object: value,
  });
}
