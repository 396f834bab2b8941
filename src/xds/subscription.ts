import { Blame, type Blamed, mentioned } from './blame.ts';
import type { TypeState } from './contract.ts';
import { absent, again, type Held, type InFlight, unknown, untold } from './held.ts';
import { Interest, wildcardName } from './interest.ts';
import { typeState } from './type-state.ts';
import type { ResourceChange, View, XdsResource } from './view.ts';

/** What goes to the client in one response. */
export interface Batch {
  readonly typeUrl: string;
  readonly nonce: string;
  /** What travels. */
  readonly resources: readonly XdsResource[];
  /** What of it is new to the client. */
  readonly changed: readonly XdsResource[];
  readonly removed: readonly string[];
}

export type Answer = { readonly kind: 'ack' } | ({ readonly kind: 'nack' } & Blamed);

export interface SubscriptionOptions {
  readonly typeUrl: string;
  readonly view: View;
  readonly variant: 'delta' | 'sotw';
  /** The state of the world of this type is always told whole: what is missing in a response does not exist. */
  readonly alwaysWhole: boolean;
  readonly maxBatchBytes: number;
  readonly nackDelayMillis: number;
  /** When a refused resource is tried again for the first time. */
  readonly nackRetryMillis: number;
}

/**
 * What one client asked for of one resource type, and in what it differs from the view. A name that is not `behind` and
 * not in flight is at the client as it is in the view, so that an update costs what it changes.
 *
 * Holds no queue: a batch is made from the view at the moment when it can be sent, so a slow client gets the latest state
 * and skips what lay between.
 */
export class Subscription {
  readonly typeUrl: string;
  readonly interest = new Interest();
  readonly #options: SubscriptionOptions;
  readonly #resources: ReadonlyMap<string, XdsResource>;
  #started = false;
  readonly #behind = new Map<string, Held>();
  readonly #blame: Blame;
  #inFlight: InFlight | undefined;
  #lastNonce = '';
  #mustAnswer = false;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.typeUrl = options.typeUrl;
    this.#resources = options.view.get(options.typeUrl);
    this.#blame = new Blame(options.nackDelayMillis, options.nackRetryMillis);
  }

  get started(): boolean {
    return this.#started;
  }

  /** Of the latest response; empty before the first. */
  get lastNonce(): string {
    return this.#lastNonce;
  }

  /** When the response in flight is the one with this nonce; every other nonce is stale and answers nothing. */
  expects(nonce: string): boolean {
    return this.#inFlight?.nonce === nonce;
  }

  get inFlightSince(): number | undefined {
    return this.#inFlight?.since;
  }

  /** When something that is held back because of refusals may travel; in the past where nothing is. */
  get resumeAt(): number {
    const { resumeAt, retryAt } = this.#blame;
    return retryAt === undefined || resumeAt > Date.now() ? resumeAt : retryAt;
  }

  /** Whether a response says by what it leaves out that it does not exist. */
  get whole(): boolean {
    return this.#options.variant === 'sotw' && (this.interest.wildcard || this.#options.alwaysWhole);
  }

  /** Whether the client keeps an older version, or none, of something that is in the view. */
  get refuses(): boolean {
    return this.#blame.refused.size > 0;
  }

  /** The first request, which asks for everything when it names nothing; `heldOf` says what the client brings along. */
  start(names: readonly string[], heldOf: (name: string) => Held | undefined): void {
    this.#started = true;
    const { interest } = this;
    interest.named = names.length > 0;
    interest.wildcard = !interest.named || names.includes(wildcardName);
    for (const name of names) if (name !== wildcardName) interest.explicit.add(this.#shared(name));
    if (interest.wildcard) for (const name of this.#resources.keys()) this.#holds(name, heldOf(name) ?? absent);
    for (const name of interest.explicit) this.#holds(name, heldOf(name) ?? untold);
  }

  /** The client of a wildcard says that it has this, which need not exist any more. */
  brings(name: string, version: string): void {
    this.#holds(name, { version });
  }

  /** The client waits for a response even when there is nothing to tell. */
  answerNext(): void {
    this.#mustAnswer = true;
  }

  /** The client holds the view as it is. */
  hasEverything(): void {
    this.#behind.clear();
  }

  /** The client waits for what it has been told already. */
  repeat(): void {
    if (this.whole) this.#mustAnswer = true;
    else for (const name of this.interest.explicit) if (!this.#blame.refused.has(name)) this.#holds(name, untold);
  }

  /** Asks for a resource, perhaps once more: it is sent whatever the client has. */
  subscribe(name: string): void {
    this.interest.named = true;
    if (name === wildcardName) {
      this.#setWildcard(true);
      return;
    }
    const held = this.#mayHold(name) ? again : untold;
    this.interest.explicit.add(this.#shared(name));
    this.#forget(name);
    this.#holds(name, held);
  }

  /** The client waits for this once more, without saying so. */
  awaits(name: string): void {
    const resource = this.#resources.get(name);
    if (resource === undefined || !this.interest.covers(name) || this.#blame.keepsAway(resource)) return;
    this.#inFlight?.sent.delete(name);
    this.#holds(name, this.#mayHold(name) ? again : untold);
  }

  /** The client drops it by itself; if the wildcard covers it, it waits to be told whether it is there. */
  unsubscribe(name: string): void {
    if (name === wildcardName) {
      this.#setWildcard(false);
      return;
    }
    this.interest.explicit.delete(name);
    this.#forget(name);
    this.#holds(name, untold);
  }

  /** Drops the wildcard that a first request without names stands for. */
  endSilence(): void {
    this.interest.named = true;
    this.#setWildcard(false);
  }

  #setWildcard(wildcard: boolean): void {
    if (wildcard === this.interest.wildcard) return;
    this.interest.wildcard = wildcard;
    if (wildcard) {
      for (const name of this.#resources.keys()) if (!this.interest.explicit.has(name)) this.#holds(name, absent);
      return;
    }
    for (const name of [
      ...this.#behind.keys(),
      ...this.#blame.refused.keys(),
      ...(this.#inFlight?.sent.keys() ?? []),
    ]) {
      if (!this.interest.explicit.has(name)) this.#forget(name);
    }
  }

  changed({ name, before, now }: ResourceChange): void {
    if (!this.interest.covers(name)) return;
    if (this.#blame.refused.get(name)?.version !== now?.version) this.#blame.forget(name);
    if (this.#inFlight?.sent.has(name) !== true) this.#holds(name, this.#behind.get(name) ?? before ?? absent);
  }

  /** Takes the answer to the response in flight; `detail` says why it was refused. */
  answer(detail: string | undefined): Answer {
    const { sent } = this.#inFlight ?? { sent: new Map() as InFlight['sent'] };
    this.#inFlight = undefined;
    if (detail === undefined) {
      this.#blame.accept();
      for (const [name, { now }] of sent) {
        this.#blame.forget(name);
        this.#holds(name, now ?? absent);
      }
      return { kind: 'ack' };
    }
    if (this.#mayDeleteUnknown(sent)) return { kind: 'nack', ...this.#trustDetail(sent, detail) };
    // Nobody can refuse that something is gone: a removal stays told.
    for (const [name, { before, now }] of sent) this.#holds(name, now === undefined ? absent : before);
    const resources = [...sent.values()].flatMap(({ now }) => now ?? []);
    const blamed = this.#blame.refuse(resources, detail);
    const [only] = resources;
    if (only === undefined || !blamed.certain) return { kind: 'nack', ...blamed };
    const kept = sent.get(only.name)?.before.version;
    return { kind: 'nack', ...blamed, version: only.version, ...(kept ? { kept } : {}) };
  }

  /**
   * The next response with additions and changes, or only with what the client waits for; nothing while one is in flight.
   */
  nextAdditions(nextNonce: () => string, onlyAwaited: boolean): Batch | undefined {
    if (this.#behind.size === 0 && !this.#mustAnswer) return undefined;
    if (!this.#started || this.#inFlight !== undefined || Date.now() < this.#blame.resumeAt) return undefined;
    const group = onlyAwaited ? undefined : this.#blame.nextGroup((name) => this.#sendable(name) !== undefined);
    const sent: InFlight['sent'] = new Map();
    let bytes = 0;
    for (const name of group ?? this.#behind.keys()) {
      const before = this.#behind.get(name) ?? absent;
      if (onlyAwaited && before !== untold && before !== again) continue;
      const now = this.#sendable(name);
      if (now === undefined && (before !== untold || this.#resources.has(name))) continue;
      bytes += now?.body.length ?? 0;
      if (!this.whole && sent.size > 0 && bytes > this.#options.maxBatchBytes) break;
      if (now !== undefined || this.#options.variant === 'delta') sent.set(name, { before, now });
      // What a whole response leaves out does not exist.
      else if (this.whole) this.#behind.delete(name);
    }
    return sent.size > 0 || (this.#mustAnswer && !onlyAwaited) ? this.#send(sent, nextNonce()) : undefined;
  }

  /** What the client holds and is not in the view. */
  nextRemovals(nextNonce: () => string): Batch | undefined {
    if (!this.#started || this.#inFlight !== undefined || this.#behind.size === 0) return undefined;
    const sent: InFlight['sent'] = new Map();
    const isTold = this.#options.variant === 'delta' || this.whole;
    for (const [name, before] of this.#behind) {
      if (this.#resources.has(name)) continue;
      if (isTold && before !== absent && before !== untold) sent.set(name, { before, now: undefined });
      else if (before !== untold) this.#behind.delete(name);
    }
    return sent.size > 0 ? this.#send(sent, nextNonce()) : undefined;
  }

  /** For people; nothing while the client has not asked for this type. */
  state(): TypeState | undefined {
    if (!this.#started) return undefined;
    const { typeUrl, interest } = this;
    const [resources, behind, inFlight, { refused }] = [this.#resources, this.#behind, this.#inFlight, this.#blame];
    return typeState({ typeUrl, interest, resources, behind, inFlight, refused });
  }

  #mayHold(name: string): boolean {
    if (!this.interest.covers(name)) return false;
    const held = this.#behind.get(name);
    if (held !== undefined) return held !== untold && held !== absent;
    return this.#resources.has(name) || this.#inFlight?.sent.has(name) === true;
  }

  /** The view's own copy of a name, so that streams do not hold one each. */
  #shared(name: string): string {
    return this.#resources.get(name)?.name ?? name;
  }

  #holds(name: string, held: Held): void {
    if (!this.interest.covers(name)) return;
    const now = this.#resources.get(name);
    const isCurrent = now === undefined ? held === absent : held.version === now.version;
    if (isCurrent) this.#behind.delete(name);
    else this.#behind.set(this.#shared(name), held);
  }

  #forget(name: string): void {
    this.#behind.delete(name);
    this.#blame.forget(name);
    this.#inFlight?.sent.delete(name);
  }

  #sendable(name: string): XdsResource | undefined {
    const resource = this.#behind.has(name) ? this.#resources.get(name) : undefined;
    return resource === undefined || this.#blame.keepsAway(resource) ? undefined : resource;
  }

  #send(sent: InFlight['sent'], nonce: string): Batch {
    this.#mustAnswer = false;
    this.#lastNonce = nonce;
    this.#inFlight = { nonce, since: Date.now(), sent };
    const changed: XdsResource[] = [];
    const removed: string[] = [];
    for (const [name, { now }] of sent) {
      this.#behind.delete(name);
      if (now === undefined) removed.push(name);
      else changed.push(now);
    }
    const resources = this.whole ? this.everything() : changed;
    return { typeUrl: this.typeUrl, nonce, resources, changed, removed };
  }

  /** What the client is to hold when it has taken this response: what is not sent now stays as the client has it. */
  everything(): readonly XdsResource[] {
    if (this.interest.wildcard && this.#behind.size === 0) return this.#options.view.list(this.typeUrl);
    const all: XdsResource[] = [];
    for (const name of this.interest.wildcard ? this.#resources.keys() : this.interest.explicit) {
      const resource = this.#resources.get(name);
      const held = this.#behind.get(name);
      if (resource !== undefined && (held === undefined || held === unknown)) all.push(resource);
      else if (held !== undefined && 'body' in held) all.push(held);
    }
    if (this.interest.wildcard) {
      for (const [name, held] of this.#behind) if (!this.#resources.has(name) && 'body' in held) all.push(held);
    }
    return all;
  }

  /** To leave out what the client may hold in a version that nobody here knows would take it away from the client. */
  #mayDeleteUnknown(sent: InFlight['sent']): boolean {
    if (!this.whole) return false;
    return [...sent.values()].some(({ before }) => before === unknown) || [...this.#behind.values()].includes(unknown);
  }

  /** The client's message alone says what is at fault; the others count as taken. */
  #trustDetail(sent: InFlight['sent'], detail: string): Blamed {
    const names = [...sent].flatMap(([name, { now }]) => (now === undefined ? [] : name));
    const guilty = new Set(mentioned(names, detail));
    for (const [name, { now }] of sent) this.#holds(name, guilty.has(name) ? unknown : (now ?? absent));
    this.#blame.convict(
      [...sent.values()].flatMap(({ now }) => (now && guilty.has(now.name) ? now : [])),
      detail,
    );
    return { names: [...guilty], certain: guilty.size > 0 };
  }
}
