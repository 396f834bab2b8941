import { inboundLabels } from '../../telemetry/labels.ts';
import { type MetricsRegistry, overflowValue } from '../../telemetry/registry.ts';
import { RequestSeries } from '../../telemetry/requests.ts';
import type { PortAuthentication } from '../auth/port-authentication.ts';
import type { RateLimit } from '../policy/rate-limit.ts';
import type { DecidingRule, Exchange } from './exchange.ts';
import type { Matcher } from './match.ts';

export type AccessMode = 'DENY' | 'AUDIT' | 'ALLOW';

/** One rule's permission at one port for some identities. */
export interface PortGrant extends DecidingRule {
  readonly identities: ReadonlySet<string>;
  /** Identities that count only on connections from one of these addresses. */
  readonly pods: ReadonlyMap<string, ReadonlySet<string>>;
  /** Undefined: any bytes. */
  readonly matches: Matcher | undefined;
}

interface PeerGrant extends DecidingRule {
  readonly matches: Matcher | undefined;
  readonly series: RequestSeries;
}

/** What one client identity may do at one port. */
export interface PeerAccess {
  readonly grants: readonly PeerGrant[];
  /** For requests that no grant covers. */
  readonly uncovered: RequestSeries;
  /** Its `x-forwarded-client-cert` for the program; empty where no identity was proven. */
  readonly forwarded: string;
}

/** What a policy says about a port. */
export interface InboundRules {
  readonly mode: AccessMode;
  readonly grants: readonly PortGrant[];
  readonly limits: readonly RateLimit<Exchange>[];
  readonly authentication?: PortAuthentication<Exchange> | undefined;
  /** What callers are known by, by identity. */
  readonly owners?: ReadonlyMap<string, string>;
}

/** Whose port it is. */
interface Server {
  readonly name: string;
  readonly identity: string;
  readonly owner: string;
}

/** More identities than this share one series: metrics stay bounded whoever calls. */
const maxPeers = 1_000;

/** What an inbound listener decides by; replaced as a whole. Identities are looked up once and remembered. */
export class InboundTable {
  readonly mode: AccessMode;
  readonly grants: readonly PortGrant[];
  /** For what is refused before anyone is known. */
  readonly rejected: RequestSeries;
  readonly limits: readonly RateLimit<Exchange>[];
  readonly authentication: PortAuthentication<Exchange> | undefined;
  readonly #server: Server;
  readonly #owners: ReadonlyMap<string, string> | undefined;
  readonly #registry: MetricsRegistry;
  readonly #peers = new Map<string, PeerAccess>();
  /** Addresses that make a difference. */
  readonly #addresses: ReadonlySet<string>;

  constructor(server: Server, rules: InboundRules, registry: MetricsRegistry) {
    const { mode, grants, limits, authentication } = rules;
    this.#server = server;
    this.#owners = rules.owners;
    this.mode = mode;
    this.grants = grants;
    this.limits = limits;
    this.authentication = authentication;
    this.#registry = registry;
    this.#addresses = new Set(grants.flatMap(({ pods }) => [...pods.values()].flatMap((addresses) => [...addresses])));
    this.rejected = this.#series('', '');
  }

  /** `address`: where the peer's connection comes from, in canonical form. */
  access(peer: string, address: string): PeerAccess {
    const key = this.#addresses.has(address) ? `${peer} ${address}` : peer;
    let access = this.#peers.get(key);
    if (access === undefined) {
      const label = this.#peers.size < maxPeers ? peer : overflowValue;
      const grants = this.grants
        .filter((grant) => covers(grant, peer, address))
        .map(({ rule, origin, matches }) => ({ rule, origin, matches, series: this.#series(label, rule) }));
      const forwarded = peer === '' ? '' : `By=${this.#server.identity};URI=${peer}`;
      access = { grants, uncovered: this.#series(label, ''), forwarded };
      if (this.#peers.size < maxPeers) this.#peers.set(key, access);
    }
    return access;
  }

  /** The rule that came nearest to covering a refused request: one for this peer, or else any at this port; if there is one. */
  nearest(peer: string, address: string): DecidingRule | undefined {
    return this.grants.find((grant) => covers(grant, peer, address)) ?? this.grants[0];
  }

  #series(peer: string, rule: string): RequestSeries {
    const { name: workload, owner, identity } = this.#server;
    const caller = { identity: peer, owner: this.#owners?.get(peer) ?? '' };
    return new RequestSeries(this.#registry, { ...inboundLabels({ workload, owner, identity }, caller), rule });
  }
}

function covers({ identities, pods }: PortGrant, peer: string, address: string): boolean {
  return identities.has(peer) || pods.get(peer)?.has(address) === true;
}
