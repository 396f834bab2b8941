import { expect, it } from 'vitest';
import { carriersReport } from '../../../../src/control/admin/carriers.ts';
import type { AdminSource } from '../../../../src/control/admin/source.ts';
import { objectKey } from '../../../../src/diagnostics/origin.ts';
import type { ProxyState, TypeState } from '../../../../src/xds/contract.ts';
import { createView, type XdsResource } from '../../../../src/xds/view.ts';

const split = objectKey('split.smi-spec.io', 'TrafficSplit', 'default', 'shop');
const resource = (name: string, version: string): XdsResource => {
  return { typeUrl: 'routes', name, version, body: Buffer.alloc(0) };
};
/** `shop` is made from the split, `books` is not. */
const wanted = [resource('shop', '2'), resource('books', '1')];

function proxy(id: string, acked: Readonly<Record<string, string>>, type: Partial<TypeState> = {}): ProxyState {
  const view = createView();
  view.update({ set: wanted, removed: [] });
  return {
    node: { id, cluster: '', userAgentName: '', userAgentVersion: '', metadata: {} },
    ...{ peer: undefined, variant: 'delta', connectedSince: 0, view },
    types: [
      {
        ...{ typeUrl: 'routes', wildcard: true, names: [], acked: new Map(Object.entries(acked)), resources: [] },
        ...{ inFlight: undefined, lacking: [], refused: [], ...type },
      },
    ],
  };
}

function report(proxies: readonly ProxyState[], text = 'TrafficSplit/default/shop') {
  const source: Partial<AdminSource> = {
    proxies: () => proxies,
    workloads: () => ['default/gone', ...proxies.map(({ node }) => node.id)],
    findObject: (name) => (name === 'TrafficSplit/default/shop' ? split : undefined),
    objectsOf: (_, { name }) => (name === 'shop' ? [split] : []),
    refusals: { diagnosticOf: () => undefined } as unknown as AdminSource['refusals'],
  };
  return carriersReport(source as AdminSource, text);
}

it('counts those that have taken the version that carries the object, and no others', () => {
  const refused = [{ name: 'shop', version: '2', since: 5, detail: 'too long' }];
  const answer = report([
    proxy('a', { shop: '2', books: '1' }),
    // What it lacks is nothing of the object.
    proxy('b', { shop: '2' }),
    proxy('c', { shop: '1', books: '1' }),
    proxy('d', { shop: '1', books: '1' }, { refused }),
    proxy('asks for nothing of it', { books: '1' }, { wildcard: false, names: ['books'] }),
  ]);
  expect(answer).toEqual({
    known: true,
    carriers: [
      { node: 'a', state: 'synced', refused: [] },
      { node: 'b', state: 'synced', refused: [] },
      { node: 'c', state: 'waiting', refused: [] },
      {
        node: 'd',
        state: 'refused',
        refused: [{ typeUrl: 'routes', resource: 'shop', version: '2', since: 5, detail: 'too long', keeps: '1' }],
      },
    ],
    absent: ['default/gone'],
  });
});

it('of an older version that was refused says nothing', () => {
  const refused = [{ name: 'shop', version: '1', since: 5, detail: 'too long' }];
  expect(report([proxy('a', { shop: '2' }, { refused })]).carriers).toMatchObject([{ state: 'synced' }]);
});

it('an object that was never there has none', () => {
  expect(report([proxy('a', {})], 'TrafficSplit/default/other')).toMatchObject({ known: false, carriers: [] });
});
