import type { RefusedResource, TypeState } from './contract.ts';
import type { XdsResource } from './view.ts';

/** The name by which a client asks for every resource of a type ("XDS protocol", wildcard subscriptions). */
const wildcardName = '*';
/** Stands for the version of a resource of which the client knows that it does not exist. */
const absent = '';

type Resources = ReadonlyMap<string, XdsResource>;

/** What goes to the client in one response. */
export interface Batch {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly resources: readonly XdsResource[];
  readonly removed: readonly string[];
}

export interface Answer {
  /** `blamed`: the resources of the refused batch; one when it is certain which. */
  readonly kind: 'ack' | 'nack';
  readonly blamed: readonly string[];
  /** Whether exactly one resource is at fault: it stays away until its content changes. */
  readonly certain: boolean;
}

/**
 * What one client knows of one resource type, and what it still lacks. Holds no queue: a batch is computed from the view
 * at the moment when it can be sent, so a slow client gets the latest state and skips what lay between.
 *
 * A refused batch is sent again in halves until one resource is left, which then stays away until its content changes;
 * meanwhile the client keeps what it had.
 */
export class Subscription {
  readonly typeUrl: string;
  #wildcard = false;
  #started = false;
  /** A client that has nothing and asks for everything waits for an answer even when there is nothing. */
  #awaitsFirst = false;
  readonly #names = new Set<string>();
  /** What the client has been sent or has told us that it has: name to version, or `absent`. */
  readonly #known = new Map<string, string>();
  /** What it is certain to hold: the values of `known` before the batch in flight. */
  #inFlight:
    | { readonly batch: Batch; readonly since: number; readonly before: ReadonlyMap<string, string | undefined> }
    | undefined;
  readonly #refused = new Map<string, RefusedResource>();
  /** Groups of names among which one is at fault; sent one group at a time, before everything else. */
  #suspects: readonly (readonly string[])[] = [];
  /** Names about which the client may lack something; of all others it has what the view has, or refused it. */
  readonly #unsettled = new Set<string>();
  /** Whether that is true of every name. */
  #allUnsettled = false;
  readonly #nextNonce: () => string;

  constructor(typeUrl: string, nextNonce: () => string) {
    this.typeUrl = typeUrl;
    this.#nextNonce = nextNonce;
  }

  /** Names asked for, the wildcard included; for limits. */
  get size(): number {
    return this.#names.size;
  }

  get hasInFlight(): boolean {
    return this.#inFlight !== undefined;
  }

  /** Whether the client keeps an older version, or none, of something that is in the view. */
  refuses(view: Resources): boolean {
    for (const [name, { version }] of this.#refused)
      if (view.get(name)?.version !== version) this.#refused.delete(name);
    return this.#refused.size > 0;
  }

  /** The view has something else by this name. */
  changed(name: string): void {
    if (this.#started) this.#unsettled.add(name);
  }

  /** The view is another one. */
  allChanged(): void {
    this.#allUnsettled = true;
  }

  /** When the batch in flight is this one; everything else is stale and no answer to anything. */
  expects(nonce: string): boolean {
    return this.#inFlight?.batch.nonce === nonce;
  }

  /**
   * Applies the names of a request. The first request of a type that names nothing subscribes to everything. Naming a
   * resource again asks for it again, except on the first request, which says by `initial` what the client still holds.
   */
  subscribe(names: readonly string[], initial: Readonly<Record<string, string>>): void {
    if (!this.#started) {
      this.#started = true;
      this.#wildcard = names.length === 0 || names.includes(wildcardName);
      this.#awaitsFirst = this.#wildcard && Object.keys(initial).length === 0;
      for (const [name, version] of Object.entries(initial)) this.#known.set(name, version);
      this.#allUnsettled = true;
    } else {
      for (const name of names) this.#forget(name);
    }
    for (const name of names) {
      if (name === wildcardName) {
        this.#wildcard = true;
        this.#allUnsettled = true;
      } else this.#names.add(name);
    }
  }

  unsubscribe(names: readonly string[]): void {
    for (const name of names) {
      if (name === wildcardName) this.#wildcard = false;
      else this.#names.delete(name);
    }
    // The client has dropped them by itself; what the wildcard still covers is sent again.
    for (const name of names) if (name !== wildcardName) this.#forget(name);
    if (!this.#wildcard) for (const name of this.#known.keys()) if (!this.#names.has(name)) this.#forget(name);
  }

  /** Takes the answer to the batch in flight; `detail` says why it was refused. */
  answer(detail: string | undefined): Answer {
    const inFlight = this.#inFlight;
    if (inFlight === undefined) throw new Error('no batch is in flight');
    this.#inFlight = undefined;
    const sent = inFlight.batch.resources;
    if (detail === undefined) {
      for (const { name, version } of sent)
        if (this.#refused.get(name)?.version !== version) this.#refused.delete(name);
      return { kind: 'ack', blamed: [], certain: false };
    }
    for (const [name, version] of inFlight.before) {
      this.#unsettled.add(name);
      // A newer subscription to the same name has the last word.
      if (!this.#known.has(name)) continue;
      if (version === undefined) this.#known.delete(name);
      else this.#known.set(name, version);
    }
    const blamed = sent.map(({ name }) => name);
    if (sent.length === 1) {
      const [{ name, version }] = sent as [XdsResource];
      this.#refused.set(name, { name, version, since: Date.now(), detail });
    } else if (sent.length > 1) {
      const middle = Math.ceil(blamed.length / 2);
      this.#suspects = [blamed.slice(0, middle), blamed.slice(middle), ...this.#suspects];
    }
    return { kind: 'nack', blamed, certain: sent.length === 1 };
  }

  /** Whether the client lacks something that is in the view. */
  lacks(view: Resources): boolean {
    return this.#lacking(view).next().done !== true;
  }

  /** The next batch of additions and changes, at most about `maxBytes` long; nothing while one is in flight. */
  nextAdditions(view: Resources, maxBytes: number): Batch | undefined {
    if (this.#inFlight !== undefined) return undefined;
    const only = this.#nextSuspects(view);
    const resources: XdsResource[] = [];
    let bytes = 0;
    for (const resource of this.#lacking(view)) {
      if (only !== undefined && !only.has(resource.name)) continue;
      if (resources.length > 0 && bytes + resource.body.length > maxBytes) break;
      bytes += resource.body.length;
      resources.push(resource);
    }
    if (resources.length === 0 && !this.#awaitsFirst) return undefined;
    return this.#send(resources, []);
  }

  /** What the client holds, or asked for by name, and is not in the view. */
  nextRemovals(view: Resources): Batch | undefined {
    if (this.#inFlight !== undefined) return undefined;
    const removed: string[] = [];
    for (const name of this.#candidates(view)) {
      if (view.has(name)) continue;
      const known = this.#known.get(name);
      if (known === undefined ? this.#names.has(name) : known !== absent) removed.push(name);
      else this.#unsettled.delete(name);
    }
    return removed.length === 0 ? undefined : this.#send([], removed);
  }

  *#lacking(view: Resources): Generator<XdsResource, void> {
    for (const name of this.#candidates(view)) {
      const resource = view.get(name);
      if (resource === undefined) continue;
      if (this.#lacks(resource)) yield resource;
      else this.#unsettled.delete(name);
    }
  }

  #lacks({ name, version }: XdsResource): boolean {
    const asked = this.#wildcard || this.#names.has(name);
    return asked && this.#known.get(name) !== version && this.#refused.get(name)?.version !== version;
  }

  #candidates(view: Resources): ReadonlySet<string> {
    if (this.#allUnsettled) {
      this.#allUnsettled = false;
      for (const name of this.#wildcard ? view.keys() : this.#names) this.#unsettled.add(name);
      for (const name of this.#wildcard ? this.#names : []) this.#unsettled.add(name);
      for (const name of this.#known.keys()) this.#unsettled.add(name);
    }
    return this.#unsettled;
  }

  /** The first group that still lacks something; groups that time has settled are dropped. */
  #nextSuspects(view: Resources): ReadonlySet<string> | undefined {
    if (this.#suspects.length === 0) return undefined;
    const lacking = (name: string): boolean => {
      const resource = view.get(name);
      return resource !== undefined && this.#lacks(resource);
    };
    while (this.#suspects[0] !== undefined && !this.#suspects[0].some(lacking)) {
      this.#suspects = this.#suspects.slice(1);
    }
    return this.#suspects[0] === undefined ? undefined : new Set(this.#suspects[0]);
  }

  #send(resources: readonly XdsResource[], removed: readonly string[]): Batch {
    const batch: Batch = { typeUrl: this.typeUrl, nonce: this.#nextNonce(), resources, removed };
    this.#awaitsFirst = false;
    const before = new Map<string, string | undefined>();
    for (const { name, version } of batch.resources) {
      before.set(name, this.#known.get(name));
      this.#known.set(name, version);
      this.#unsettled.delete(name);
    }
    for (const name of batch.removed) {
      if (this.#names.has(name)) this.#known.set(name, absent);
      else this.#known.delete(name);
      this.#refused.delete(name);
      this.#unsettled.delete(name);
    }
    this.#inFlight = { batch, since: Date.now(), before };
    return batch;
  }

  /** For people; nothing while the client has not asked for this type. */
  state(): TypeState | undefined {
    if (!this.#started) return undefined;
    const acked = new Map(this.#known);
    for (const [name, version] of this.#inFlight?.before ?? []) acked.set(name, version ?? absent);
    for (const [name, version] of acked) if (version === absent) acked.delete(name);
    const { typeUrl } = this;
    const names = [...this.#names];
    const inFlight = this.#inFlight && {
      since: this.#inFlight.since,
      resources: this.#inFlight.batch.resources.map(({ name }) => name),
      removed: this.#inFlight.batch.removed,
    };
    return { typeUrl, wildcard: this.#wildcard, names, acked, inFlight, refused: [...this.#refused.values()] };
  }

  #forget(name: string): void {
    this.#unsettled.add(name);
    this.#known.delete(name);
    this.#refused.delete(name);
  }
}
