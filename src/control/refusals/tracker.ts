import type { LocatedDiagnostic } from '../messages.ts';
import type { ProxyRefusal, RefusingProxy } from './refusal.ts';

export interface RefusedVersion {
  readonly typeUrl: string;
  readonly resource: string;
  readonly version: string;
}

/** What a refusal is about, found once for each refused version. */
export type Finding = Omit<ProxyRefusal, 'proxies' | 'count' | keyof RefusedVersion>;

interface Entry {
  readonly about: RefusedVersion;
  readonly finding: Finding;
  readonly proxies: Map<string, RefusingProxy>;
}

export interface RefusalTrackerOptions {
  /** Finds out what is at fault; asked when a version is refused for the first time. */
  readonly find: (about: RefusedVersion, proxy: RefusingProxy) => Finding;
  /** A version is refused that was not, however many proxies refuse it; `again` for one that was refused before. */
  readonly onRefused: (refusal: ProxyRefusal, again: boolean) => void;
  /** No connected proxy refuses it any more. */
  readonly onOver: (refusal: ProxyRefusal) => void;
}

/** Refused versions that are remembered, beside those that are refused now, so that a proxy that returns says nothing new. */
const maxRemembered = 200;
const maxListed = 100;

/** Which proxies refuse which versions now. */
export class RefusalTracker {
  readonly #options: RefusalTrackerOptions;
  readonly #entries = new Map<string, Entry>();
  #standing = 0;

  constructor(options: RefusalTrackerOptions) {
    this.#options = options;
  }

  /** Those that stand now, oldest first. */
  get standing(): readonly ProxyRefusal[] {
    return [...this.#entries.values()].filter(({ proxies }) => proxies.size > 0).map(refusalOf);
  }

  /** Those that refuse something now. */
  get nodes(): ReadonlySet<string> {
    return new Set([...this.#entries.values()].flatMap(({ proxies }) => [...proxies.keys()]));
  }

  /** The finding about a version that is, or was, refused. */
  diagnosticOf(about: RefusedVersion): LocatedDiagnostic | undefined {
    return this.#entries.get(keyOf(about))?.finding.diagnostic;
  }

  refused(about: RefusedVersion, proxy: RefusingProxy): void {
    const key = keyOf(about);
    const known = this.#entries.get(key);
    const entry = known ?? { about, finding: this.#options.find(about, proxy), proxies: new Map() };
    const first = entry.proxies.size === 0;
    if (!entry.proxies.has(proxy.node)) entry.proxies.set(proxy.node, proxy);
    if (!first) return;
    this.#standing += 1;
    this.#entries.set(key, entry);
    if (known === undefined) this.#forget();
    this.#options.onRefused(refusalOf(entry), known !== undefined);
  }

  /** Keeps of a proxy's refusals those that still stand. */
  recheck(node: string, stands: (about: RefusedVersion) => boolean): void {
    if (this.#standing === 0) return;
    for (const entry of this.#entries.values()) {
      if (!entry.proxies.has(node) || stands(entry.about)) continue;
      entry.proxies.delete(node);
      if (entry.proxies.size > 0) continue;
      this.#standing -= 1;
      this.#options.onOver(refusalOf(entry));
    }
  }

  #forget(): void {
    let idle = this.#entries.size - this.#standing;
    for (const [key, { proxies }] of this.#entries) {
      if (idle <= maxRemembered) return;
      if (proxies.size > 0) continue;
      this.#entries.delete(key);
      idle -= 1;
    }
  }
}

function keyOf({ typeUrl, resource, version }: RefusedVersion): string {
  return `${typeUrl} ${resource} ${version}`;
}

function refusalOf({ about, finding, proxies }: Entry): ProxyRefusal {
  return { ...about, ...finding, proxies: [...proxies.values()].slice(0, maxListed), count: proxies.size };
}
