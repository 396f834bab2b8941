import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizePath, type PathFault } from '../../../src/lib/http-path.ts';

const normal = (target: string): string => {
  const result = normalizePath(target);
  if (!result.ok) throw new Error(`${target}: ${result.error}`);
  return result.value.path + result.value.query;
};

describe('the normal form of a path', () => {
  it.each([
    ['/', '/'],
    ['/books', '/books'],
    ['//books///x', '/books/x'],
    ['/books//', '/books/'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/a/..', '/'],
    ['/a/b/.', '/a/b/'],
    ['/../../a', '/a'],
    ['/a/%2e%2E/b', '/b'],
    ['/a//../b', '/a/b'],
    ['/a\\..\\b', '/b'],
    ['/%62ook%73', '/books'],
    ['/%7Eu/%41-%7a%5F0%2e9', '/~u/A-z_0.9'],
    ['/a%20b%3F%2525', '/a%20b%3F%2525'],
    ['/a"b<c>|{}^`', '/a%22b%3Cc%3E%7C%7B%7D%5E%60'],
    ['/.well-known/..a', '/.well-known/..a'],
    ['/a;v=1/b', '/a;v=1/b'],
    ['/a%zz/../b', '/b'],
  ])('of %s is %s', (target, expected) => {
    expect(normal(target)).toBe(expected);
  });

  it('escapes once more what decoding would turn into another escape', () => {
    expect(normal('/%%32%65%%32%65/x')).toBe('/%252e%252e/x');
  });

  it('leaves the query as it is', () => {
    expect(normalizePath('/a/../b?x=%zz/../%2F//')).toEqual({
      ok: true,
      value: { path: '/b', query: '?x=%zz/../%2F//' },
    });
    expect(normalizePath('/a?')).toEqual({ ok: true, value: { path: '/a', query: '?' } });
  });

  it('is its own normal form', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '..',
      '%2e',
      '\\',
      'a',
      '%41',
      '%',
      '%20',
      '%zz',
      '%%32',
      ';',
      '"',
      '65',
      '?',
      '//',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const first = normalizePath(`/${pieces.join('')}`);
        fc.pre(first.ok);
        expect(normal(first.value.path + first.value.query)).toBe(first.value.path + first.value.query);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a target without normal form', () => {
  const faults: readonly (readonly [string, PathFault])[] = [
    ['', 'not-origin-form'],
    ['*', 'not-origin-form'],
    ['books', 'not-origin-form'],
    ['?x', 'not-origin-form'],
    ['\\books', 'not-origin-form'],
    ['http://bookstore/books', 'not-origin-form'],
    ['/books%2Fx', 'escaped-slash'],
    ['/books%5cx', 'escaped-slash'],
    ['/a%2f/../b', 'escaped-slash'],
    ['/books%00', 'escaped-nul'],
    ['/books#x', 'fragment'],
    ['/books?#', 'fragment'],
    ['/books%', 'bad-percent'],
    ['/books%2', 'bad-percent'],
    ['/books%zz', 'bad-percent'],
    ['/books/..;/x', 'dot-parameter'],
    ['/books/.;/x', 'dot-parameter'],
    ['/books/%2e%2e;a=b', 'dot-parameter'],
    ['//', 'only-slashes'],
    ['/a/..//', 'only-slashes'],
    ['/a b', 'bad-octet'],
    ['/a\tb', 'bad-octet'],
    ['/a\u007f', 'bad-octet'],
    ['/a\u00e9', 'bad-octet'],
    ['/a?b\u00e9', 'bad-octet'],
    ['/a\u0100', 'bad-octet'],
  ];

  it.each(faults)('%j has the fault %s', (target, fault) => {
    expect(normalizePath(target)).toEqual({ ok: false, error: fault });
  });
});
