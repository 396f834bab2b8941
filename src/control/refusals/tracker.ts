import type { LocatedDiagnostic } from '../messages.ts';
import type { Fault, ProxyRefusal, RefusedVersion, RefusingProxy } from './refusal.ts';

interface Entry {
  readonly about: RefusedVersion;
  readonly fault: Fault;
  readonly proxies: Map<string, RefusingProxy>;
}

export interface RefusalTrackerOptions {
  /** Finds out what is at fault; asked when a version is refused for the first time. */
  readonly find: (about: RefusedVersion, proxy: RefusingProxy) => Fault;
  /** There is a fault that was not, however many resources and proxies show it; `again` for one that there was before. */
  readonly onRefused: (refusal: ProxyRefusal, again: boolean) => void;
  /** No connected proxy refuses anything for it any more. */
  readonly onOver: (refusal: ProxyRefusal) => void;
}

/** Refused versions that are remembered, beside those that are refused now, so that a proxy that returns says nothing new. */
const maxRemembered = 200;
const maxListed = 100;

/** Which proxies refuse which versions now, and why. */
export class RefusalTracker {
  readonly #options: RefusalTrackerOptions;
  readonly #entries = new Map<string, Entry>();
  /** Those that some proxy refuses, by fault. */
  readonly #standing = new Map<string, Set<Entry>>();

  constructor(options: RefusalTrackerOptions) {
    this.#options = options;
  }

  /** Those that stand now, oldest first. */
  get standing(): readonly ProxyRefusal[] {
    return [...this.#standing.values()].map((entries) => refusalOf([...entries]));
  }

  /** Those that refuse something now. */
  get nodes(): ReadonlySet<string> {
    return new Set([...this.#standing.values()].flatMap((entries) => [...entries].flatMap(nodesOf)));
  }

  /** The finding about a version that is, or was, refused. */
  diagnosticOf(about: RefusedVersion): LocatedDiagnostic | undefined {
    return this.#entries.get(keyOf(about))?.fault.diagnostic;
  }

  refused(about: RefusedVersion, proxy: RefusingProxy): void {
    const key = keyOf(about);
    const known = this.#entries.get(key);
    const entry = known ?? { about, fault: this.#options.find(about, proxy), proxies: new Map() };
    const first = entry.proxies.size === 0;
    if (!entry.proxies.has(proxy.node)) entry.proxies.set(proxy.node, proxy);
    if (first) this.#stand(key, entry);
  }

  /** Keeps of a proxy's refusals those that still stand. */
  recheck(node: string, stands: (about: RefusedVersion) => boolean): void {
    for (const entries of [...this.#standing.values()]) {
      for (const entry of [...entries]) {
        if (!entry.proxies.has(node) || stands(entry.about)) continue;
        entry.proxies.delete(node);
        if (entry.proxies.size === 0) this.#fall(entry, entries);
      }
    }
  }

  #stand(key: string, entry: Entry): void {
    const { id } = entry.fault;
    const others = this.#standing.get(id);
    if (others === undefined) {
      const again = [...this.#entries.values()].some(({ fault }) => fault.id === id);
      this.#standing.set(id, new Set([entry]));
      this.#entries.set(key, entry);
      this.#options.onRefused(refusalOf([entry]), again);
    } else {
      others.add(entry);
      this.#entries.set(key, entry);
    }
    this.#forget();
  }

  #fall(entry: Entry, others: Set<Entry>): void {
    others.delete(entry);
    if (others.size > 0) return;
    this.#standing.delete(entry.fault.id);
    this.#options.onOver(refusalOf([entry]));
  }

  #forget(): void {
    let idle = [...this.#entries.values()].filter(({ proxies }) => proxies.size === 0).length - maxRemembered;
    for (const [key, { proxies }] of this.#entries) {
      if (idle <= 0) return;
      if (proxies.size > 0) continue;
      this.#entries.delete(key);
      idle -= 1;
    }
  }
}

function keyOf({ typeUrl, resource, version }: RefusedVersion): string {
  return `${typeUrl} ${resource} ${version}`;
}

function nodesOf({ proxies }: Entry): readonly string[] {
  return [...proxies.keys()];
}

function refusalOf(entries: readonly Entry[]): ProxyRefusal {
  const proxies = new Map(entries.flatMap((entry) => [...entry.proxies]));
  return {
    ...entries[0]!.fault,
    resources: entries.slice(0, maxListed).map(({ about }) => about),
    proxies: [...proxies.values()].slice(0, maxListed),
    count: proxies.size,
  };
}
