import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamState } from '../../../src/xds/stream-state.ts';
import type { Batch } from '../../../src/xds/subscription.ts';
import { createView, type ResourceChange, type View, type XdsResource } from '../../../src/xds/view.ts';

const types = ['endpoints', 'service', 'workload'];
const names = ['a', 'b', 'c', 'd', 'e'];

type Command =
  | { readonly do: 'update'; readonly resources: readonly { typeUrl: string; name: string; version: number }[] }
  | { readonly do: 'answer' }
  | { readonly do: 'subscribe' | 'unsubscribe'; readonly typeUrl: string; readonly name: string }
  | { readonly do: 'reconnect' };

/** A client that follows the delta protocol: it applies a batch or refuses all of it, and tells what it holds on reconnect. */
class Client {
  readonly held = new Map<string, Map<string, string>>(types.map((typeUrl) => [typeUrl, new Map()]));
  readonly #explicit: boolean;
  readonly #poison: ReadonlySet<string>;
  readonly wanted = new Map<string, Set<string>>(types.map((typeUrl) => [typeUrl, new Set()]));
  #state = new StreamState(types, 30);
  #inbox: Batch[] = [];

  constructor(explicit: boolean, poison: ReadonlySet<string>) {
    this.#explicit = explicit;
    this.#poison = poison;
    this.connect();
  }

  connect(): void {
    this.#state = new StreamState(types, 30);
    this.#inbox = [];
    for (const typeUrl of types) {
      const initialVersions = Object.fromEntries(this.held.get(typeUrl)!);
      const wanted = [...this.wanted.get(typeUrl)!];
      // Nothing named at all would mean everything.
      const subscribe = this.#explicit && wanted.length === 0 ? ['none'] : wanted;
      this.#state.request({ typeUrl, subscribe, unsubscribe: [], initialVersions, nonce: '' });
    }
  }

  change(typeUrl: string, name: string, subscribe: boolean): void {
    if (!this.#explicit) return;
    if (subscribe) this.wanted.get(typeUrl)!.add(name);
    else {
      this.wanted.get(typeUrl)!.delete(name);
      this.held.get(typeUrl)!.delete(name);
    }
    const lists = subscribe ? { subscribe: [name], unsubscribe: [] } : { subscribe: [], unsubscribe: [name] };
    this.#state.request({ typeUrl, ...lists, initialVersions: {}, nonce: '' });
  }

  changed(changes: readonly ResourceChange[]): void {
    this.#state.changed(changes);
  }

  poisonous({ typeUrl, name, version }: XdsResource): boolean {
    return this.#poison.has(`${typeUrl}/${name}/${version}`);
  }

  /** The server sends what it may. */
  receive(view: View): number {
    let count = 0;
    for (let batch = this.#state.next(view); batch !== undefined; batch = this.#state.next(view)) {
      this.#inbox.push(batch);
      count += 1;
    }
    return count;
  }

  answerOne(): boolean {
    const batch = this.#inbox.shift();
    if (batch === undefined) return false;
    const { typeUrl, nonce } = batch;
    const refused = batch.resources.some((resource) => this.poisonous(resource));
    if (!refused) this.#apply(batch);
    const error = refused ? { error: 'poison' } : {};
    this.#state.request({ typeUrl, subscribe: [], unsubscribe: [], initialVersions: {}, nonce, ...error });
    return true;
  }

  #apply({ typeUrl, resources, removed }: Batch): void {
    const held = this.held.get(typeUrl)!;
    for (const { name, version } of resources) {
      if (!this.#explicit || this.wanted.get(typeUrl)!.has(name)) held.set(name, version);
    }
    for (const name of removed) held.delete(name);
  }
}

const typeUrl = fc.constantFrom(...types);
const name = fc.constantFrom(...names);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: fc.constant('update' as const),
    resources: fc.array(fc.record({ typeUrl, name, version: fc.integer({ min: 1, max: 4 }) }), { maxLength: 12 }),
  }),
  { weight: 3, arbitrary: fc.record({ do: fc.constant('answer' as const) }) },
  fc.record({ do: fc.constantFrom('subscribe' as const, 'unsubscribe' as const), typeUrl, name }),
  fc.record({ do: fc.constant('reconnect' as const) }),
);
const poison = fc
  .array(fc.tuple(typeUrl, name, fc.integer({ min: 1, max: 4 })), { maxLength: 6 })
  .map((items) => new Set(items.map((item) => item.join('/'))));

type Content = readonly { readonly typeUrl: string; readonly name: string; readonly version: number }[];

/** Makes a view hold this and nothing else. */
function replace(view: View, content: Content): void {
  const set = content.map(({ typeUrl, name, version }) => ({
    typeUrl,
    name,
    version: String(version),
    body: new Uint8Array(10),
  }));
  const kept = new Set(set.map((resource) => `${resource.typeUrl}/${resource.name}`));
  const removed = [...view.types()]
    .flatMap((type) => [...view.get(type).values()])
    .filter((resource) => !kept.has(`${resource.typeUrl}/${resource.name}`));
  view.update({ set, removed });
}

/** Runs the commands, then lets both sides talk until neither has anything to say. */
function run(client: Client, commands: readonly Command[]): View {
  const view = createView();
  view.watch((changes) => client.changed(changes));
  for (const step of commands) {
    if (step.do === 'update') replace(view, step.resources);
    else if (step.do === 'answer') client.answerOne();
    else if (step.do === 'reconnect') client.connect();
    else client.change(step.typeUrl, step.name, step.do === 'subscribe');
    client.receive(view);
  }
  let rounds = 0;
  while (client.answerOne() || client.receive(view) > 0) {
    rounds += 1;
    if (rounds > 1000) throw new Error('the two sides never come to rest');
    client.receive(view);
  }
  return view;
}

describe('delta subscriptions, whatever happens in between', () => {
  it('a client that accepts everything ends with exactly the view', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const client = new Client(false, new Set());
        const view = run(client, commands);
        for (const type of types) {
          const expected = [...view.get(type).values()].map((resource) => [resource.name, resource.version]);
          expect([...client.held.get(type)!].sort()).toEqual(expected.sort());
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a client that names resources ends with those of the view that it named last', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
        const client = new Client(true, new Set());
        const view = run(client, commands);
        for (const type of types) {
          const wanted = client.wanted.get(type)!;
          const expected = [...view.get(type).values()]
            .filter((resource) => wanted.has(resource.name))
            .map((resource) => [resource.name, resource.version]);
          expect([...client.held.get(type)!].sort()).toEqual(expected.sort());
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a client that refuses some resources ends with all the others, and the talk comes to rest', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40 }), poison, (commands, refused) => {
        const client = new Client(false, refused);
        const view = run(client, commands);
        for (const type of types) {
          const held = client.held.get(type)!;
          for (const resource of view.get(type).values()) {
            if (!client.poisonous(resource)) expect(held.get(resource.name)).toBe(resource.version);
            else expect(held.get(resource.name)).not.toBe(resource.version);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
