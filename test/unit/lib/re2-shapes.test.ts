import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { comparisonFor } from '../../../src/lib/re2-shapes.ts';

const texts = [
  '',
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/ab',
  '/b',
  '/v1',
  '/v1/x',
  '/v3',
  'x/a',
  '\n',
  '/a\n',
  '/a/\n',
  '/a\nb',
  'a.b',
];

describe('an expression', () => {
  it.each([
    '',
    '/a',
    'a\\.b',
    '(?:/a)(?s:.*)',
    '.*',
    '(?:.*)(?s:.*)',
    '/a.*',
    '/a/.+',
    '(?:/a/.+)(?s:.*)',
    '/a|/b',
    '/(a|b|v1)(/.*)?',
    '(?:/v[12])(?s:.*)',
    '/a/?',
    '^/a$',
    '(?:^/a$)(?s:.*)',
    '^/a|/b$',
    '\\A/a\\z',
    '/a(?:/.*)?$',
    '(?:/a.*?)',
    '[a-z]',
    '/a(|/b)',
  ])('%j is compared, with the answers of the engine', (pattern) => {
    const compiled = RE2JS.compile(pattern);
    const compare = comparisonFor(compiled.re2().prog);
    expect(compare).toBeDefined();
    expect(texts.map((text) => compare?.(text))).toEqual(texts.map((text) => compiled.testExact(text)));
  });

  it.each([
    'a*',
    '[^/]+',
    '/a.',
    '/a.*b',
    '(?i)a',
    '\\ba',
    '(?m)^a$',
    'a{40}|b{1,40}',
    'a$b',
    '[a-zA-Z]',
    '(ab)*',
    '.+/a',
    '(?s:.).*',
  ])('%j is left to the engine', (pattern) => {
    expect(comparisonFor(RE2JS.compile(pattern).re2().prog)).toBeUndefined();
  });

  it('that has very many ways through it is given up soon', () => {
    const started = performance.now();
    expect(comparisonFor(RE2JS.compile('(?:[a-h][a-h]){200}').re2().prog)).toBeUndefined();
    expect(comparisonFor(RE2JS.compile('(?:(?:a?)(?:)){300}\\ba').re2().prog)).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
