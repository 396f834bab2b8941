import type { TrafficLabels } from '../telemetry/labels.ts';
import type { SketchData } from '../telemetry/latency-sketch.ts';
import type { Ended, TrafficKind } from '../telemetry/snapshot.ts';
import { noCodes } from './codes.ts';
import type { Side, TrafficFlow, TrafficParty, TrafficSeries } from './contract.ts';
import type { MeshDirectory } from './directory.ts';

/** What was counted of one label set. */
export interface Counted {
  readonly ended: readonly Ended[];
  readonly retries: number;
  readonly latency?: SketchData;
}

/** The flow that labels of a proxy speak of. What the objects say of its ends is looked up when it is asked for. */
export class LabelledFlow implements TrafficFlow {
  readonly side: Side;
  readonly kind: TrafficKind;
  readonly rule?: string;
  readonly service?: string;
  readonly port?: number;
  readonly backend?: string;
  readonly split?: string;
  readonly #labels: TrafficLabels;
  readonly #parties: Parties;

  constructor(labels: TrafficLabels, kind: TrafficKind, parties: Parties) {
    this.side = sideOf(labels);
    this.kind = kind;
    this.#labels = labels;
    this.#parties = parties;
    const rule = this.side === 'client' ? labels.route : labels.rule;
    if (this.side === 'client') Object.assign(this, addressed(labels));
    if (rule !== '') this.rule = rule;
  }

  get source(): TrafficParty {
    return this.#parties.source(this.#labels);
  }

  get destination(): TrafficParty {
    return this.#parties.destination(this.#labels);
  }
}

/** The series that labels and counts of a proxy make. */
export function trafficSeries(
  labels: TrafficLabels,
  kind: TrafficKind,
  { ended, retries, latency }: Counted,
  parties: Parties,
): TrafficSeries {
  const flow = new LabelledFlow(labels, kind, parties);
  return {
    ...flow,
    source: flow.source,
    destination: flow.destination,
    ...countsOf(flow, ended),
    retries,
    ...(latency === undefined ? {} : { latency }),
  };
}

/** Whose proxy counted what has these labels. */
export function sideOf({ direction }: TrafficLabels): Side {
  return direction === 'outbound' ? 'client' : 'server';
}

function countsOf(flow: TrafficFlow, ended: readonly Ended[]) {
  const counts = { success: 0, failure: 0, denied: 0 };
  const codes = noCodes();
  for (const { code, verdict, count } of ended) {
    counts[succeeded(flow, code, verdict) ? 'success' : 'failure'] += count;
    if (wasDenied(flow, code, verdict)) counts.denied += count;
    if (flow.kind === 'http') codes[code] = (codes[code] ?? 0) + count;
  }
  return { ...counts, codes };
}

const carried: readonly Ended['verdict'][] = ['forwarded', 'allowed', 'audited', 'unauthenticated'];

/** Whether what ended so counts among the successes; see TrafficCounts. */
export function succeeded({ kind }: TrafficFlow, code: number, verdict: Ended['verdict']): boolean {
  return kind === 'http' ? code >= 100 && code < 400 : carried.includes(verdict);
}

/** Whether access policy refused what ended so. */
export function wasDenied({ side }: TrafficFlow, code: number, verdict: Ended['verdict']): boolean {
  return verdict === 'denied' || (side === 'client' && code === 403);
}

function addressed({ destination, backend, split }: TrafficLabels) {
  const colon = destination.lastIndexOf(':');
  return {
    ...(colon > 0 ? { service: destination.slice(0, colon), port: Number(destination.slice(colon + 1)) } : {}),
    ...(backend === '' ? {} : { backend }),
    ...(split === '' ? {} : { split }),
  };
}

/** Who is meant by labels, as objects say it now. For one report: each is looked up once, and then the same object. */
export class Parties {
  readonly #directory: MeshDirectory;
  readonly #known = new Map<string, TrafficParty>();

  constructor(directory: MeshDirectory) {
    this.#directory = directory;
  }

  source(labels: TrafficLabels): TrafficParty {
    const { source_namespace: namespace, source_owner: owner, source_pod: pod, source_identity: identity } = labels;
    return this.#of(`${namespace}\n${owner}\n${pod}\n${identity}`, () =>
      partyOf(this.#directory, namespace, owner, pod, identity),
    );
  }

  destination(labels: TrafficLabels): TrafficParty {
    const { destination_namespace: namespace, destination_owner: owner, destination_pod: pod } = labels;
    const { direction, destination, backend, destination_identity: identity } = labels;
    const client = direction === 'outbound';
    const key = `${namespace}\n${owner}\n${pod}\n${identity}${client ? `\n${destination}\n${backend}` : ''}`;
    return this.#of(key, () => {
      const found = partyOf(this.#directory, namespace, owner, pod, identity);
      return client ? { ...found, services: servicesOf(labels) } : found;
    });
  }

  #of(key: string, make: () => TrafficParty): TrafficParty {
    let party = this.#known.get(key);
    if (party === undefined) {
      party = make();
      this.#known.set(key, party);
    }
    return party;
  }
}

/** Of the namespace of the pod that was chosen, those that a client addressed or a split chose. */
function servicesOf(labels: TrafficLabels): readonly string[] {
  const { service, backend } = addressed(labels);
  return [...new Set([service, backend])].flatMap((each) => {
    const [home, name] = each?.split('/') ?? [];
    return name !== undefined && home === labels.destination_namespace ? [name] : [];
  });
}

function partyOf(
  directory: MeshDirectory,
  namespace: string,
  owner: string,
  pod: string,
  identity: string,
): TrafficParty {
  const facts = namespace === '' || pod === '' ? undefined : directory.pod(namespace, pod);
  // A server's proxy knows of a caller what it proves, and the owner only of those that some rule lets in.
  const account = pod === '' && identity !== '' ? directory.account(identity) : undefined;
  return {
    ...(namespace === '' ? {} : { namespace }),
    ...(pod === '' ? {} : { pod }),
    ...(facts?.node === undefined ? {} : { node: facts.node }),
    owners: facts?.owners ?? ownersOf(owner, account?.owners),
    services: facts?.services ?? account?.services ?? [],
    ...(identity === '' ? {} : { identity }),
  };
}

/** `owner`: `KIND/NAME` as proxies say it, who may know what the objects said at the time. */
function ownersOf(owner: string, known: TrafficParty['owners'] & {} = []): TrafficParty['owners'] & {} {
  const [kind = '', name = ''] = owner.split('/');
  const last = known.at(-1);
  if (name === '' || (last?.kind === kind && last.name === name)) return known;
  return kind === 'Pod' ? [] : [{ kind, name }];
}
