import { controllerLabels, controllerPorts } from '../../../kubernetes/names.ts';
import { isRecord } from '../../../lib/values.ts';
import type { Documents } from '../../last-good.ts';
import type { Peer } from './ask-peer.ts';

/** The other replicas that are ready, by the pods of the controller's namespace. */
export function otherReplicas(stated: Documents, namespace: string, instance: string): readonly Peer[] {
  const prefix = `core/Pod/${namespace}/`;
  const peers: Peer[] = [];
  for (const [key, { object }] of stated) {
    if (!key.startsWith(prefix) || key === `${prefix}${instance}`) continue;
    const { metadata, status } = object;
    if (!isRecord(metadata) || !isRecord(status) || metadata.deletionTimestamp !== undefined) continue;
    const labels = isRecord(metadata.labels) ? metadata.labels : {};
    if (!Object.entries(controllerLabels).every(([name, value]) => labels[name] === value)) continue;
    const ready = Array.isArray(status.conditions) && status.conditions.some((each) => each?.status === 'True');
    if (ready && typeof status.podIP === 'string') peers.push({ address: status.podIP, port: controllerPorts.peers });
  }
  return peers;
}
