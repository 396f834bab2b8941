import type { MetricsRegistry } from '../telemetry/registry.ts';
import { RequestSeries } from '../telemetry/requests.ts';
import type { Matcher } from './match.ts';

export type AccessMode = 'DENY' | 'AUDIT' | 'ALLOW';

/** One rule's permission at one port for some identities. */
export interface PortGrant {
  readonly rule: string;
  readonly identities: ReadonlySet<string>;
  /** Undefined: any bytes. */
  readonly matches: Matcher | undefined;
}

interface PeerGrant {
  readonly rule: string;
  readonly matches: Matcher | undefined;
  readonly series: RequestSeries;
}

/** What one client identity may do at one port. */
export interface PeerAccess {
  readonly grants: readonly PeerGrant[];
  /** For requests that no grant covers. */
  readonly uncovered: RequestSeries;
}

/** More identities than this share one series: metrics stay bounded whoever calls. */
const maxPeers = 1_000;

/** What an inbound listener decides by; replaced as a whole. Identities are looked up once and remembered. */
export class InboundTable {
  readonly mode: AccessMode;
  readonly workload: string;
  readonly grants: readonly PortGrant[];
  /** For what is refused before anyone is known. */
  readonly rejected: RequestSeries;
  readonly #registry: MetricsRegistry;
  readonly #peers = new Map<string, PeerAccess>();

  constructor(workload: string, mode: AccessMode, grants: readonly PortGrant[], registry: MetricsRegistry) {
    this.workload = workload;
    this.mode = mode;
    this.grants = grants;
    this.#registry = registry;
    this.rejected = this.#series('', '');
  }

  access(peer: string): PeerAccess {
    let access = this.#peers.get(peer);
    if (access === undefined) {
      const label = this.#peers.size < maxPeers ? peer : 'other';
      const grants = this.grants
        .filter((grant) => grant.identities.has(peer))
        .map(({ rule, matches }) => ({ rule, matches, series: this.#series(label, rule) }));
      access = { grants, uncovered: this.#series(label, '') };
      if (this.#peers.size < maxPeers) this.#peers.set(peer, access);
    }
    return access;
  }

  /** The rule that came nearest to covering a refused request: one for this identity, or else any at this port. */
  nearest(peer: string): string {
    return (this.grants.find((grant) => grant.identities.has(peer)) ?? this.grants[0])?.rule ?? '';
  }

  #series(peer: string, rule: string): RequestSeries {
    return new RequestSeries(this.#registry, {
      direction: 'inbound',
      source: peer,
      sourceIdentity: peer,
      destination: this.workload,
      backend: '',
      route: rule,
    });
  }
}
