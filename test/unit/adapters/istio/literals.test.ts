import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { headerPatterns, pathPatterns } from '../../../../adapters/istio/emit/literals.ts';
import { routeMatch } from '../../../../adapters/istio/emit/route-match.ts';
import { matchesHeader, matchesPath } from '../../../../adapters/istio/simulate/texts.ts';
import { normalizePath } from '../../../../src/lib/http-path.ts';
import { compileRe2 } from '../../../../src/lib/re2.ts';
import '../../../support/property-seed.ts';

const regex = (re2: string) => ({ kind: 'regex', re2 }) as const;

describe('paths in policies', () => {
  test.each([
    ['(?:/books)(?s:.*)', ['/books*'], true],
    ['(?:/books)', ['/books'], true],
    ['(?:/a|/b)(?s:.*)', ['/a*', '/b*'], true],
    ['(?:/v[12]/x)', ['/v1/x', '/v2/x'], true],
    ['(?:^/foo$)(?s:.*)', ['/foo'], true],
    ['(?:.*[.]jpg)', [], false],
    ['(?:.*\\.jpg)', ['*.jpg'], true],
    ['(?:.*\\.jpg)(?s:.*)', [], false],
    ['(?:.*\\.jpg$)(?s:.*)', ['*.jpg'], true],
    ['(?:/users/[^/]+/items)', ['/users/{*}/items'], false],
    ['(?:/users/[^/]+/items)(?s:.*)', ['/users/{*}/items', '/users/{*}/items/{**}'], false],
    ['(?:/users/[^/]+(/.*)?)', ['/users/{*}', '/users/{*}/{**}'], false],
    ['(?:/users/[^/]+/.*)', ['/users/{*}/{**}'], false],
    ['(?:/users/[0-9]+)', [], false],
    ['(?:/users/[^/]+[.]json)', [], false],
    ['(?i)/x', [], false],
    ['(', [], true],
  ])('%s is %j', (re2, values, exact) => {
    expect(pathPatterns(regex(re2))).toEqual({ values, exact });
  });

  test('what a star would make more of is not said', () => {
    expect(pathPatterns({ kind: 'exact', value: '/a*' })).toEqual({ values: [], exact: false });
    expect(pathPatterns({ kind: 'exact', value: '/a*b' })).toEqual({ values: ['/a*b'], exact: true });
    expect(pathPatterns({ kind: 'prefix', value: '/a*' })).toEqual({ values: ['/a**'], exact: true });
    expect(pathPatterns({ kind: 'prefix', value: '*' })).toEqual({ values: [], exact: false });
    expect(pathPatterns(regex('/\\{\\*\\}'))).toEqual({ values: [], exact: true });
  });

  const segment = fc.constantFrom(
    'a',
    'b1',
    '[^/]+',
    '[^/]*',
    '.+',
    '.*',
    '[ab]',
    'a?',
    '\\.',
    '*=',
    '%20',
    '(a|b)',
    '\\*',
  );
  const end = fc.constantFrom('', '/', '/.*', '(/.*)?', '$', '.*', '/.+');
  const bodies = fc
    .tuple(fc.array(segment, { minLength: 1, maxLength: 3 }), end)
    .map(([parts, tail]) => `/${parts.join('/')}${tail}`);
  const expressions = fc
    .tuple(bodies, fc.constantFrom('(?:%)', '(?:%)(?s:.*)', '%'))
    .map(([body, form]) => form.replace('%', () => body));
  const paths = fc
    .array(fc.constantFrom('a', 'b', 'b1', '.', '*', '=', '%20', '{', '.jpg', '/', '/', '1'), { maxLength: 7 })
    .map((parts) => normalizePath(`/${parts.join('')}`))
    .map((normal) => (normal.ok ? normal.value.path : '/'));

  test('what is said matches nothing that the expression does not, and all of it where it is exact', () => {
    let said = 0;
    fc.assert(
      fc.property(expressions, fc.array(paths, { minLength: 20, maxLength: 20 }), (re2, examples) => {
        const compiled = compileRe2(re2);
        const { values, exact } = pathPatterns(regex(re2));
        for (const path of examples) {
          const wanted = compiled.ok && compiled.value.matchesWhole(path);
          const got = values.some((value) => matchesPath(value, path));
          if (got) said += 1;
          if (got || exact) expect(got, `${re2} on ${path} as ${values}`).toBe(wanted);
        }
      }),
      { numRuns: 500 },
    );
    expect(said).toBeGreaterThan(200);
  });
});

describe('header values in policies', () => {
  test.each([
    ['gold|silver', ['gold', 'silver'], true],
    ['a.*', ['a*'], true],
    ['.*', ['*'], true],
    // Present with any value is more than what this means.
    ['.+', [], false],
    ['', [], false],
    ['.*Firefox.*', [], false],
    ['.*Firefox', ['*Firefox'], true],
    ['Zürich.*', ['Zürich*'], true],
    ['(?i)anna', [], false],
    ['\\*', [], false],
  ])('%s is %j', (re2, values, exact) => {
    expect(headerPatterns(re2)).toEqual({ values, exact });
    for (const value of values)
      for (const text of ['gold', 'a', 'ax', 'x', 'Zürich 1']) {
        const compiled = compileRe2(re2);
        if (matchesHeader(value, text))
          expect(compiled.ok && compiled.value.matchesWhole(Buffer.from(text).toString('latin1'))).toBe(true);
      }
  });
});

describe('matches of routes', () => {
  const any = { methods: 'any', path: 'any', headers: 'any' } as const;

  test('two paths are joined where both are literals', () => {
    const at = (re2: string) => ({ ...any, path: regex(re2) });
    expect(routeMatch([at('/a.*'), at('/ab.*')])).toEqual({ uri: { prefix: '/ab' } });
    expect(routeMatch([at('/a.*'), at('/ab')])).toEqual({ uri: { exact: '/ab' } });
    expect(routeMatch([at('/a'), at('/b.*')])).toBeUndefined();
    expect(routeMatch([at('/a.*|/b'), at('/ab|/b|/c')])).toEqual({ uri: { regex: '/ab|/b' } });
    expect(routeMatch([at('/a.*'), at('/[a-z]+')])).toBe('unsayable');
  });

  test('an empty value is not taken for any, and odd names are not asked for', () => {
    const header = (name: string, re2: string) => ({ ...any, headers: [{ name, re2 }] as const });
    expect(routeMatch([header('x', '')])).toEqual({ headers: { x: { regex: '^$' } } });
    expect(routeMatch([header('x', '.*')])).toEqual({ headers: { x: { regex: '.*' } } });
    expect(routeMatch([header(':authority', 'shop')])).toEqual({ authority: { exact: 'shop' } });
    expect(routeMatch([header('method', 'x')])).toBe('unsayable');
    expect(routeMatch([header('x', 'a'), header('x', 'b')])).toBe('unsayable');
    expect(routeMatch([header('x', `(${'a'.repeat(2_000)})?b*`)])).toBe('unsayable');
  });

  test('methods are what all of them allow', () => {
    const of = (...methods: readonly string[]) => ({ ...any, methods });
    expect(routeMatch([of('GET', 'POST')])).toEqual({ method: { regex: 'GET|POST' } });
    expect(routeMatch([of('GET', 'POST'), of('POST', 'PUT')])).toEqual({ method: { exact: 'POST' } });
    expect(routeMatch([of('GET'), of('PUT')])).toBeUndefined();
  });
});
