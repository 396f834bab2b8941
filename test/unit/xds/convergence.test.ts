import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createView, type XdsResource } from '../../../src/xds/view.ts';
import '../../support/property-seed.ts';
import { DeltaClient, type ModelClient, SotwClient, types } from './support/model-client.ts';
import { change } from './support/views.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const contents = ['0000000001', '0000000002', '0000000003', '0000000004'];

type Command =
  | { readonly do: 'replace' | 'set'; readonly resources: readonly string[] }
  | { readonly do: 'answer' | 'reconnect' }
  | { readonly do: 'subscribe' | 'unsubscribe'; readonly typeUrl: string; readonly name: string };

const typeUrl = fc.constantFrom(...types);
const name = fc.constantFrom(...names);
const text = fc
  .tuple(typeUrl, name, fc.constantFrom(...contents))
  .map(([type, of, content]) => `${type}/${of}@${content}`);
const command: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: fc.constantFrom('replace' as const), resources: fc.array(text, { maxLength: 16 }) }),
  fc.record({ do: fc.constantFrom('set' as const), resources: fc.array(text, { maxLength: 3 }) }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant('answer' as const) }) },
  fc.record({ do: fc.constantFrom('subscribe' as const, 'unsubscribe' as const), typeUrl, name }),
  fc.record({ do: fc.constant('reconnect' as const) }),
);
const commands = fc.array(command, { maxLength: 40 });
const poison = fc
  .array(fc.tuple(typeUrl, name, fc.constantFrom(...contents)), { maxLength: 6 })
  .map((items) => new Set(items.map((item) => item.join('/'))));

const nothing = () => false;
const refuser = (poisonous: ReadonlySet<string>) => (resource: XdsResource) =>
  poisonous.has(`${resource.typeUrl}/${resource.name}/${Buffer.from(resource.body)}`);

/** Runs the commands, then lets both sides talk until neither has anything to say. */
function run(client: ModelClient, view: ReturnType<typeof createView>, steps: readonly Command[]): void {
  client.connect();
  for (const step of steps) {
    if ('resources' in step) change(view, step.do === 'replace' ? types : [], ...step.resources);
    else if (step.do === 'answer') client.answerOne();
    else if (step.do === 'reconnect') client.connect();
    else if ('name' in step) client[step.do](step.typeUrl, step.name);
    client.receive();
  }
  client.settle();
}

const everything = () => true;
const onlyNames = () => false;
/** As Envoy asks: clusters and listeners altogether, endpoints and routes by name. */
const likeEnvoy = (type: string) => type !== 'endpoints' && type !== 'route';

describe.each([
  ['delta', DeltaClient],
  ['state of the world', SotwClient],
] as const)('%s, whatever happens in between', (variant, Client) => {
  it.each([
    ['everything', everything],
    ['names', onlyNames],
    ['clusters and listeners, and the rest by name', likeEnvoy],
  ])('a client of %s ends with exactly that part of the view, in order and nothing twice', (_what, wantsAll) => {
    fc.assert(
      fc.property(commands, (steps) => {
        const view = createView();
        const client = new Client(view, wantsAll, nothing);
        run(client, view, steps);
        for (const type of types) {
          const expected = new Map(client.expected(type).map((resource) => [resource.name, resource.version]));
          const held = client.held.get(type)!;
          // The state of the world has no words for the removal of what is asked for by name.
          const isTold = variant === 'delta' || wantsAll(type) || type.includes('envoy');
          for (const of of isTold ? held.keys() : []) expect(expected.has(of)).toBe(true);
          expect(new Map([...held].filter(([of]) => expected.has(of)))).toEqual(expected);
        }
        expect(client.faults).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('a client that refuses some resources ends with all the others, and the talk comes to rest', () => {
    fc.assert(
      fc.property(commands, poison, fc.constantFrom(everything, onlyNames, likeEnvoy), (steps, poisonous, wantsAll) => {
        const view = createView();
        const client = new Client(view, wantsAll, refuser(poisonous));
        run(client, view, variant === 'delta' ? steps : steps.filter((step) => step.do !== 'reconnect'));
        for (const type of types) {
          const held = client.held.get(type)!;
          for (const resource of client.expected(type)) {
            if (!client.poisonous(resource)) expect(held.get(resource.name)).toBe(resource.version);
            else expect(held.get(resource.name)).not.toBe(resource.version);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
