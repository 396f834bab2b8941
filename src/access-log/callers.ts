import { type CallerAccess, readCaller, type TrafficContext, trafficTags } from '../lib/traffic-context.ts';
import type { LogEntry } from './entry.ts';

/** Texts and peers that are remembered. */
const maxKnown = 1_000;

/** What the port says of who calls: routes do of requests, the log's name of connections. */
export class KnownCallers {
  readonly #context: TrafficContext;
  readonly #texts = new Map<string, CallerAccess>();
  /** A request that is answered before it has a route is not told from others of its caller. */
  readonly #peers = new Map<string, CallerAccess>();

  constructor(context: TrafficContext) {
    this.#context = context;
  }

  of({ tags, peer }: LogEntry): CallerAccess {
    const text = tags[trafficTags.caller];
    if (text === undefined) return this.#peers.get(peer) ?? this.#byName(peer);
    let said = this.#texts.get(text);
    if (said === undefined) {
      said = readCaller(text);
      remember(this.#texts, text, said);
    }
    if (this.#peers.get(peer) !== said) remember(this.#peers, peer, said);
    return said;
  }

  #byName(peer: string): CallerAccess {
    const { access } = this.#context;
    const owners = access?.owners ?? {};
    const rules = access?.rules ?? [];
    const own = rules.filter(({ identities }) => identities.includes(peer));
    return {
      owner: Object.hasOwn(owners, peer) ? (owners[peer] ?? '') : '',
      rules: own.length === 0 ? rules.slice(0, 1) : own,
    };
  }
}

function remember(known: Map<string, CallerAccess>, key: string, value: CallerAccess): void {
  if (known.size >= maxKnown) known.clear();
  known.set(key, value);
}
