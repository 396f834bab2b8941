import { describe, expect, it } from 'vitest';
import { blame, type Evidence } from '../../../../src/control/refusals/blame.ts';
import { changedField, leavesOf } from '../../../../src/control/refusals/fields.ts';
import { type ObjectKey, type Origin, objectKey } from '../../../../src/diagnostics/origin.ts';
import type { SourceDocument } from '../../../../src/source/types.ts';

const group = objectKey('specs.smi-spec.io', 'HTTPRouteGroup', 'default', 'routes');
const split = objectKey('split.smi-spec.io', 'TrafficSplit', 'default', 'shop');
const service = objectKey('core', 'Service', 'default', 'shop');
const at = (object: ObjectKey, path: string): Origin => ({ object, path });

const document = (key: ObjectKey, apiVersion: string, kind: string, object: object): SourceDocument => ({
  key,
  apiVersion,
  kind,
  file: 'a.yaml',
  index: 0,
  object: { apiVersion, kind, ...object },
});
const routes = document(group, 'specs.smi-spec.io/v1alpha4', 'HTTPRouteGroup', {
  spec: {
    matches: [
      { name: 'short', pathRegex: '/books' },
      { name: 'long', pathRegex: '/books/[a-z]{1,64}', methods: ['GET'] },
      { name: 'escaped', headers: { 'x-id': '\\d{4}-\\w+' } },
    ],
  },
});
const origins = [at(service, 'spec.ports[0]'), at(split, 'spec.matches[0]'), at(group, 'spec.matches')];
const evidence = (given: Partial<Evidence>): Evidence => ({
  origins,
  changed: undefined,
  leavesOf: (origin) => (origin.object === group ? leavesOf(routes, origin) : []),
  name: 'default/shop:80',
  detail: 'no',
  ...given,
});

describe('blame', () => {
  it('goes to the field whose text the proxy quotes, the longest of several', () => {
    const detail = "regex '(?:/books/[a-z]{1,64})(?s:.*)' RE2 program size of 270 > max program size of 100";
    expect(blame(evidence({ detail }))).toEqual({
      origin: at(group, 'spec.matches[1].pathRegex'),
      related: [],
      by: 'text',
    });
  });

  it('finds texts that the proxy escapes', () => {
    const { origin } = blame(evidence({ detail: 'bad value "\\\\d{4}-\\\\w+"' }));
    expect(origin?.path).toBe('spec.matches[2].headers.x-id');
  });

  it('takes no part of a word, no short text and no name of the resource for a quote', () => {
    const named = blame(evidence({ detail: 'default/shop:80: bookshelf/books-bought GET', name: 'default/shop:80' }));
    expect(named.by).toBe('resource');
    expect(blame(evidence({ name: '/books', detail: 'refused /books' })).by).toBe('resource');
  });

  it('looks only at what changed since the proxy took the resource last', () => {
    const changed = ({ object }: Origin) => object === split;
    const detail = 'refused because of /books/[a-z]{1,64}';
    expect(blame(evidence({ changed, detail }))).toEqual({
      origin: at(split, 'spec.matches[0]'),
      related: [],
      by: 'change',
    });
  });

  it('looks at everything where nothing changed, and names what decides before what there is', () => {
    const found = blame(evidence({ changed: () => false }));
    expect(found.origin?.object).toBe(split);
    expect(found.related).toEqual([at(group, 'spec.matches'), at(service, 'spec.ports[0]')]);
    expect(found.by).toBe('resource');
  });

  it('names nothing for a resource that comes from no object', () => {
    expect(blame(evidence({ origins: [] }))).toEqual({ related: [], by: 'resource' });
  });
});

describe('a changed field', () => {
  const backends = (weight: number, more: readonly object[] = []) =>
    document(split, 'split.smi-spec.io/v1alpha4', 'TrafficSplit', {
      spec: { service: 'shop', backends: [{ service: 'v1', weight: 90 }, { service: 'v2', weight }, ...more] },
    });

  it('is the deepest in which all that differs lies', () => {
    const path = (before: SourceDocument, now: SourceDocument) => changedField(before, now, at(split, 'spec')).path;
    expect(path(backends(1), backends(2))).toBe('spec.backends[1].weight');
    expect(path(backends(1), backends(2, [{ service: 'v3', weight: 1 }]))).toBe('spec.backends');
    expect(path(backends(1, [{ service: 'v3' }]), backends(1))).toBe('spec.backends');
  });

  it('is found in objects of older versions, as they are written', () => {
    const old = (regex: string) =>
      document(group, 'specs.smi-spec.io/v1alpha1', 'HTTPRouteGroup', { matches: [{ name: 'a', pathRegex: regex }] });
    expect(changedField(old('/a'), old('/b'), at(group, 'spec.matches[0]')).path).toBe('matches[0].pathRegex');
  });
});
