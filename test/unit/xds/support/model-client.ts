import { stateVersion } from '../../../../src/xds/encoding.ts';
import { delta, type Protocol, sotw } from '../../../../src/xds/protocol.ts';
import { wholeTypes } from '../../../../src/xds/sotw.ts';
import { StreamState } from '../../../../src/xds/stream-state.ts';
import type { Batch } from '../../../../src/xds/subscription.ts';
import type { View, XdsResource } from '../../../../src/xds/view.ts';

const [listener, cluster] = [...wholeTypes] as [string, string];
/** In the order of types; the state of the world tells `cluster` and `listener` whole. */
export const types = [cluster, 'endpoints', listener, 'route'] as const;

type Refuses = (resource: XdsResource) => boolean;

/**
 * A client as the protocol describes it, over a `StreamState` instead of a connection. It takes a response whole or not at
 * all, and tells what it holds when it comes back. What a server must not do to it stands in `faults`.
 */
export abstract class ModelClient {
  readonly held = new Map<string, Map<string, string>>(types.map((typeUrl) => [typeUrl, new Map()]));
  /** What it asks for; nothing stands for everything. */
  readonly wanted = new Map<string, Set<string> | undefined>();
  readonly faults: string[] = [];
  protected readonly view: View;
  readonly #refuses: Refuses;
  readonly #inbox: Batch[] = [];
  /** Names that it asked for since it got them last. */
  protected readonly asked = new Set<string>();
  #unwatch = () => {};

  constructor(view: View, wantsAll: (typeUrl: string) => boolean, refuses: Refuses) {
    this.view = view;
    this.#refuses = refuses;
    for (const typeUrl of types) this.wanted.set(typeUrl, wantsAll(typeUrl) ? undefined : new Set());
  }

  wants(typeUrl: string, name: string): boolean {
    return this.wanted.get(typeUrl)?.has(name) ?? true;
  }

  poisonous(resource: XdsResource): boolean {
    return this.#refuses(resource);
  }

  /** What it ought to hold: what it asks for and the view has. */
  expected(typeUrl: string): readonly XdsResource[] {
    return this.view.list(typeUrl).filter(({ name }) => this.wants(typeUrl, name));
  }

  protected abstract open(): { next(): Batch | undefined; changed: StreamState<never>['changed'] };
  protected abstract reply(batch: Batch, error: string | undefined): void;
  protected abstract apply(batch: Batch): void;
  /** The names that a response takes away from the client. */
  protected abstract taken(typeUrl: string, resources: readonly XdsResource[], removed: readonly string[]): string[];
  abstract subscribe(typeUrl: string, name: string): void;
  abstract unsubscribe(typeUrl: string, name: string): void;

  #state: ReturnType<ModelClient['open']> | undefined;

  connect(): void {
    this.#unwatch();
    this.#inbox.length = 0;
    this.asked.clear();
    const state = this.open();
    this.#state = state;
    this.#unwatch = this.view.watch((changes) => state.changed(changes));
  }

  /** The server sends what it may; how many responses. */
  receive(): number {
    let count = 0;
    for (let batch = this.#state?.next(); batch !== undefined; batch = this.#state?.next()) {
      this.#inspect(batch);
      this.#inbox.push(batch);
      count += 1;
    }
    return count;
  }

  answerOne(): boolean {
    const batch = this.#inbox.shift();
    if (batch === undefined) return false;
    const refused = batch.resources.some((resource) => this.poisonous(resource));
    if (!refused) this.apply(batch);
    this.reply(batch, refused ? 'no' : undefined);
    return true;
  }

  /** Both sides talk until neither has anything to say. */
  settle(): void {
    let rounds = 0;
    while (this.answerOne() || this.receive() > 0) {
      rounds += 1;
      if (rounds > 2000) throw new Error('the two sides never come to rest');
    }
  }

  #inspect({ typeUrl, changed, removed, resources, nonce }: Batch): void {
    const order = types.indexOf(typeUrl);
    if (this.#inbox.some((other) => other.typeUrl === typeUrl))
      this.faults.push(`${nonce}: two of ${typeUrl} in flight`);
    const held = this.held.get(typeUrl)!;
    // What it asks for comes at once.
    const news = changed.filter(({ name }) => !this.asked.has(`${typeUrl}/${name}`));
    for (const { name, version } of changed) {
      const key = `${typeUrl}/${name}`;
      if (held.get(name) === version && !this.asked.has(key)) this.faults.push(`${nonce}: ${key} twice`);
      this.asked.delete(key);
    }
    if (news.length > 0) this.#expectSettled(types.slice(0, order), `${nonce}: additions of ${typeUrl}`);
    const taken = this.taken(typeUrl, resources, removed).filter((name) => this.wants(typeUrl, name));
    if (taken.length > 0) this.#expectSettled(types, `${nonce}: removals of ${typeUrl}`);
  }

  /** In these types the client has taken everything that it can take. */
  #expectSettled(earlier: readonly string[], what: string): void {
    for (const typeUrl of earlier) {
      for (const resource of this.expected(typeUrl)) {
        const isTaken = this.held.get(typeUrl)!.get(resource.name) === resource.version;
        if (!isTaken && !this.poisonous(resource)) this.faults.push(`${what} before ${typeUrl}/${resource.name}`);
      }
    }
  }
}

export class DeltaClient extends ModelClient {
  #state = this.#create();

  protected open() {
    this.#state = this.#create();
    for (const typeUrl of types) {
      for (const name of this.wanted.get(typeUrl) ?? []) this.asked.add(`${typeUrl}/${name}`);
      const wanted = this.wanted.get(typeUrl);
      // Nothing named at all would mean everything.
      const subscribe = wanted === undefined ? [] : wanted.size === 0 ? ['none'] : [...wanted];
      const initialVersions = Object.fromEntries(this.held.get(typeUrl)!);
      this.#state.request({ typeUrl, subscribe, unsubscribe: [], initialVersions, nonce: '' });
    }
    return this.#state;
  }

  subscribe(typeUrl: string, name: string): void {
    this.wanted.get(typeUrl)?.add(name);
    this.asked.add(`${typeUrl}/${name}`);
    this.#state.request({ typeUrl, subscribe: [name], unsubscribe: [], initialVersions: {}, nonce: '' });
  }

  unsubscribe(typeUrl: string, name: string): void {
    if (this.wanted.get(typeUrl)?.delete(name) !== true) return;
    this.held.get(typeUrl)!.delete(name);
    this.#state.request({ typeUrl, subscribe: [], unsubscribe: [name], initialVersions: {}, nonce: '' });
  }

  protected apply({ typeUrl, resources, removed }: Batch): void {
    const held = this.held.get(typeUrl)!;
    for (const { name, version } of resources) if (this.wants(typeUrl, name)) held.set(name, version);
    for (const name of removed) held.delete(name);
  }

  protected taken(typeUrl: string, _resources: readonly XdsResource[], removed: readonly string[]): string[] {
    return removed.filter((name) => this.held.get(typeUrl)!.has(name));
  }

  protected reply({ typeUrl, nonce }: Batch, error: string | undefined): void {
    const detail = error === undefined ? {} : { error };
    this.#state.request({ typeUrl, subscribe: [], unsubscribe: [], initialVersions: {}, nonce, ...detail });
  }

  #create() {
    return create(delta, this.view);
  }
}

export class SotwClient extends ModelClient {
  #state = this.#create();
  readonly #versions = new Map<string, string>();
  readonly #nonces = new Map<string, string>();
  readonly #named = new Set<string>();

  protected open() {
    this.#state = this.#create();
    this.#nonces.clear();
    this.#named.clear();
    for (const typeUrl of types) {
      // It brings along one version for all, which names nothing.
      const names = [...this.held.get(typeUrl)!.keys(), ...(this.wanted.get(typeUrl) ?? [])];
      for (const name of names) this.asked.add(`${typeUrl}/${name}`);
      this.#request(typeUrl);
    }
    return this.#state;
  }

  subscribe(typeUrl: string, name: string): void {
    const wanted = this.wanted.get(typeUrl);
    if (wanted === undefined) return;
    // A list that stays as it is asks for all of it.
    const again = wanted.has(name) ? [...wanted] : [name];
    for (const each of again) this.asked.add(`${typeUrl}/${each}`);
    wanted.add(name);
    this.#request(typeUrl);
  }

  unsubscribe(typeUrl: string, name: string): void {
    const wanted = this.wanted.get(typeUrl);
    if (wanted?.delete(name) !== true) return;
    this.held.get(typeUrl)!.delete(name);
    this.#request(typeUrl);
  }

  protected apply({ typeUrl, resources }: Batch): void {
    const held = this.held.get(typeUrl)!;
    this.#versions.set(typeUrl, stateVersion(resources));
    if (wholeTypes.has(typeUrl) || this.wanted.get(typeUrl) === undefined) held.clear();
    for (const { name, version } of resources) if (this.wants(typeUrl, name)) held.set(name, version);
  }

  protected taken(typeUrl: string, resources: readonly XdsResource[]): string[] {
    // On a new stream the server does not know what the client holds of what is no longer there.
    const isFirst = !this.#nonces.has(typeUrl);
    if (isFirst || !(wholeTypes.has(typeUrl) || this.wanted.get(typeUrl) === undefined)) return [];
    const names = new Set(resources.map(({ name }) => name));
    return [...this.held.get(typeUrl)!.keys()].filter((name) => !names.has(name));
  }

  protected reply({ typeUrl, nonce }: Batch, error: string | undefined): void {
    this.#nonces.set(typeUrl, nonce);
    this.#request(typeUrl, error);
  }

  #request(typeUrl: string, error?: string): void {
    const wanted = this.wanted.get(typeUrl);
    if ((wanted?.size ?? 0) > 0) this.#named.add(typeUrl);
    // Nothing named at all would mean everything.
    const names = wanted === undefined || (wanted.size === 0 && this.#named.has(typeUrl)) ? [] : [...wanted];
    if (wanted !== undefined && names.length === 0 && !this.#named.has(typeUrl)) names.push('none');
    const version = this.#versions.get(typeUrl) ?? '';
    const nonce = this.#nonces.get(typeUrl) ?? '';
    this.#state.request({ typeUrl, names, version, nonce, ...(error === undefined ? {} : { error }) });
  }

  #create() {
    return create(sotw, this.view);
  }
}

function create<Request extends { readonly typeUrl: string }>(protocol: Protocol<Request>, view: View) {
  return new StreamState(protocol, {
    typeOrder: types,
    view,
    maxBatchBytes: 30,
    nackDelayMillis: 0,
    nackRetryMillis: 3_600_000,
  });
}
