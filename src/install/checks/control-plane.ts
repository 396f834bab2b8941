import { setTimeout as delay } from 'node:timers/promises';
import { systemNames } from '../../kubernetes/names.ts';
import { packageVersion } from '../../lib/package-version.ts';
import { findInstallation, rolloutOf } from '../installation.ts';
import { at, itemsOf } from '../kinds.ts';
import { type Check, type CheckContext, type CheckResult, notRead, reporter } from './result.ts';

const report = reporter('control plane');
/** A clock of this machine, or of the leader, that is off by less is no finding. */
const clockTolerance = 60_000;
/** The leader renews within this time. */
const renewalMillis = 5_000;

export const checkControlPlane: Check = async (context) => {
  const found = await findInstallation(context.connection);
  if (!found.ok) return notRead(report, found.error);
  if (found.value === undefined) return [report.error('smi-mesh is not installed', 'smi-cli install')];
  const { version, namespace, deployment } = found.value;
  const { wanted, available, done } = rolloutOf(deployment);
  const state = `${available} of ${wanted} replicas of version ${version} are available in namespace ${namespace}`;
  const hint = `kubectl --namespace ${namespace} describe pods`;
  const replicas = available === 0 ? report.error(state, hint) : done ? report.ok(state) : report.warning(state, hint);
  return [replicas, ...versionOf(version), ...spareOf(wanted), ...(await leaderOf({ ...context, namespace }))];
};

function versionOf(version: string): readonly CheckResult[] {
  if (version === packageVersion()) return [];
  return [report.warning(`this smi-cli is of version ${packageVersion()}`, 'smi-cli upgrade')];
}

function spareOf(wanted: number): readonly CheckResult[] {
  if (wanted > 1) return [];
  return [
    report.warning(
      'one replica alone: no pod starts and nothing changes while it is away',
      'smi-cli upgrade --replicas 2',
    ),
  ];
}

async function leaderOf({ connection, namespace, now }: CheckContext): Promise<readonly CheckResult[]> {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/${systemNames.controller}`;
  const lease = await connection.get(path);
  if (!lease.ok && lease.error.status === 404) {
    return [
      report.error(
        'no replica leads: nothing writes status, certificates or definitions',
        'See the log of the controller.',
      ),
    ];
  }
  if (!lease.ok) return notRead(report, lease.error);
  const holder = String(at(lease.value, 'spec', 'holderIdentity') ?? '');
  if (holder === '') return [report.error('nobody leads', 'See the log of the controller.')];
  const duration = Number(at(lease.value, 'spec', 'leaseDurationSeconds') ?? 0) * 1_000;
  const age = now - Date.parse(String(at(lease.value, 'spec', 'renewTime')));
  if (-clockTolerance < age && age < duration + clockTolerance) return [report.ok(`${holder} leads`)];
  // Its clock, or this one, may be wrong: it leads when it renews.
  await delay(renewalMillis);
  const later = await connection.get(path);
  if (!later.ok) return notRead(report, later.error);
  const renewed = (object: unknown) => at(object, 'metadata', 'resourceVersion');
  const seconds = Math.round(Math.abs(age) / 1_000);
  if (renewed(later.value) === renewed(lease.value)) {
    return [report.error(`${holder} led last, ${seconds} s ago by its clock`, 'See the log of the controller.')];
  }
  const message = `${holder} leads; its clock is ${seconds} s ${age > 0 ? 'behind' : 'ahead of'} that of this machine`;
  return [report.warning(message, 'Set the clocks by NTP; certificates allow for five minutes.')];
}

/** Before installing. */
export const checkNothingInstalled: Check = async ({ connection, namespace }) => {
  const found = await findInstallation(connection);
  if (!found.ok) return notRead(report, found.error);
  if (found.value !== undefined && found.value.namespace !== namespace) {
    return [
      report.error(`smi-mesh is in namespace ${found.value.namespace} already`, 'One cluster has one control plane.'),
    ];
  }
  const nodes = await connection.get('/api/v1/nodes?limit=2');
  if (!nodes.ok) return notRead(report, nodes.error);
  if (itemsOf(nodes.value).length > 1) return [report.ok('nothing of smi-mesh is in the cluster')];
  return [report.warning('the cluster has one node or none: replicas protect from nothing there')];
};
