import type { TrafficLabels } from '../telemetry/labels.ts';
import type { SketchData } from '../telemetry/latency-sketch.ts';
import type { Ended, TrafficKind } from '../telemetry/snapshot.ts';
import type { TrafficParty, TrafficSeries } from './contract.ts';
import type { MeshDirectory } from './directory.ts';

/** What was counted of one label set. */
export interface Counted {
  readonly ended: readonly Ended[];
  readonly retries: number;
  readonly latency?: SketchData;
}

/** The series that labels and counts of a proxy make, with what the objects say of both ends. */
export function trafficSeries(
  labels: TrafficLabels,
  kind: TrafficKind,
  { ended, retries, latency }: Counted,
  directory: MeshDirectory,
): TrafficSeries {
  const side = labels.direction === 'outbound' ? 'client' : 'server';
  const rule = side === 'client' ? labels.route : labels.rule;
  return {
    side,
    kind,
    source: party(directory, labels.source_namespace, labels.source_owner, labels.source_pod, labels.source_identity),
    destination: destinationOf(labels, directory),
    ...(side === 'client' ? addressed(labels) : {}),
    ...(rule === '' ? {} : { rule }),
    ...countsOf(side, kind, ended),
    retries,
    ...(latency === undefined ? {} : { latency }),
  };
}

function countsOf(side: TrafficSeries['side'], kind: TrafficKind, ended: readonly Ended[]) {
  const counts = { success: 0, failure: 0, denied: 0 };
  const codes: Record<string, number> = {};
  for (const { code, verdict, count } of ended) {
    const denied = verdict === 'denied' || (side === 'client' && code === 403);
    counts[succeeded(kind, code, verdict) ? 'success' : 'failure'] += count;
    if (denied) counts.denied += count;
    if (kind === 'http') codes[code] = (codes[code] ?? 0) + count;
  }
  return { ...counts, codes };
}

const carried: readonly Ended['verdict'][] = ['forwarded', 'allowed', 'audited', 'unauthenticated'];

function succeeded(kind: TrafficKind, code: number, verdict: Ended['verdict']): boolean {
  return kind === 'http' ? code >= 100 && code < 400 : carried.includes(verdict);
}

function addressed({ destination, backend, split }: TrafficLabels) {
  const colon = destination.lastIndexOf(':');
  return {
    ...(colon > 0 ? { service: destination.slice(0, colon), port: Number(destination.slice(colon + 1)) } : {}),
    ...(backend === '' ? {} : { backend }),
    ...(split === '' ? {} : { split }),
  };
}

function destinationOf(labels: TrafficLabels, directory: MeshDirectory): TrafficParty {
  const { destination_namespace: namespace, destination_owner: owner, destination_pod: pod } = labels;
  const found = party(directory, namespace, owner, pod, labels.destination_identity);
  if (labels.direction === 'inbound') return found;
  const { service, backend } = addressed(labels);
  const services = [...new Set([service, backend])].flatMap((each) => {
    const [home, name] = each?.split('/') ?? [];
    return name !== undefined && home === namespace ? [name] : [];
  });
  return { ...found, services };
}

function party(
  directory: MeshDirectory,
  namespace: string,
  owner: string,
  pod: string,
  identity: string,
): TrafficParty {
  const facts = namespace === '' || pod === '' ? undefined : directory.pod(namespace, pod);
  return {
    ...(namespace === '' ? {} : { namespace }),
    ...(pod === '' ? {} : { pod }),
    ...(facts?.node === undefined ? {} : { node: facts.node }),
    owners: facts?.owners ?? ownerOf(owner),
    services: facts?.services ?? [],
    ...(identity === '' ? {} : { identity }),
  };
}

/** `KIND/NAME` as proxies say it. */
function ownerOf(owner: string): TrafficParty['owners'] & {} {
  const [kind = '', name = ''] = owner.split('/');
  return name === '' || kind === 'Pod' ? [] : [{ kind, name }];
}
