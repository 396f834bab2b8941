import fc from 'fast-check';
import type { TrafficRequest } from '../../../src/model/decision.ts';
import type { HeaderMatch, HttpMatch, OutboundRule, PathMatch } from '../../../src/model/types.ts';

const path: fc.Arbitrary<'any' | PathMatch> = fc.oneof(
  fc.constant('any' as const),
  fc.constantFrom('/', '/a', '/a/b', '/b').map((value): PathMatch => ({ kind: 'exact', value })),
  fc.constantFrom('/', '/a', '/a/', '/b').map((value): PathMatch => ({ kind: 'prefix', value })),
  fc
    .constantFrom('/a(/.*)?', '(?:/a)(?s:.*)', '(?:.*b)', '(?:/[ab]+)(?s:.*)', '/b|/a/b', '.*', '(?:/a/b(/.*)?)')
    .map((re2): PathMatch => ({ kind: 'regex', re2 })),
);
const headers: fc.Arbitrary<readonly HeaderMatch[]> = fc
  .uniqueArray(fc.constantFrom('x-a', 'x-b', ':authority'), { maxLength: 2 })
  .chain((names) =>
    fc.tuple(
      ...names.map((name) => fc.constantFrom('1', '2', '1|2', '.*', '[12]+', 'root.*').map((re2) => ({ name, re2 }))),
    ),
  );
const match: fc.Arbitrary<HttpMatch> = fc.record({
  methods: fc.constantFrom<HttpMatch['methods']>('any', 'any', ['GET'], ['GET', 'POST'], ['DELETE']),
  path,
  headers: headers.map((list) => (list.length === 0 ? 'any' : (list as HttpMatch['headers']))),
  origins: fc.constant([]),
});
/** Rules of the port of `root`, for all clients or those of one namespace. */
export const rules: fc.Arbitrary<readonly OutboundRule[]> = fc.array(
  fc
    .record({ match, backend: fc.constantFrom('one', 'two', 'root'), from: fc.constantFrom('any', 'other', 'default') })
    .map(({ match: asked, backend, from }) => ({
      from: from === 'any' ? from : ([from] as never),
      match: asked,
      to: { kind: 'weighted', targets: [{ service: `default/${backend}` as never, port: 80, weight: 1, origins: [] }] },
      origins: [],
    })),
  { maxLength: 5 },
);
/** What these rules tell apart. */
export const requests: readonly TrafficRequest[] = ['default', 'other'].flatMap((namespace) =>
  ['GET', 'POST', 'PURGE'].flatMap((method) =>
    ['/', '/a', '/a/', '/a/b', '/ab', '/b', '/b/c', '/a/b/c?x=/b'].flatMap((target) =>
      [{}, { 'x-a': '1' }, { 'x-a': '2', 'x-b': '1' }, { 'x-b': ['1', '2'], host: 'root.default' }].map(
        (fields): TrafficRequest => ({
          kind: 'http',
          from: `${namespace}/client` as never,
          to: { host: 'root.default', port: 80 },
          method,
          path: target,
          headers: fields as Readonly<Record<string, string | readonly string[]>>,
        }),
      ),
    ),
  ),
);
