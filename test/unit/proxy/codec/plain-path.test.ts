import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normalizePath } from '../../../../src/lib/http-path.ts';
import { RequestHead } from '../../../../src/proxy/codec/request-head.ts';

/** What the parser says of a target: that it is plain, with its parts, or that somebody else must decide. */
function plainParts(target: string): { path: string; query: string } | undefined {
  const head = new RequestHead();
  const text = `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;
  if (head.parse(text, text.length) !== undefined || !head.plainPath) return undefined;
  return { path: target.slice(0, head.queryStart), query: target.slice(head.queryStart) };
}

function expectNormal(target: string): void {
  const parts = plainParts(target);
  if (parts !== undefined) expect({ target, ...normalizePath(target) }).toEqual({ target, ok: true, value: parts });
}

describe('a target that the parser calls plain', () => {
  it('is its own normal form, for every octet', () => {
    for (let octet = 0; octet < 256; octet++) {
      const text = String.fromCharCode(octet);
      for (const target of [`/a${text}b`, `/${text}`, `/a?${text}b`]) expectNormal(target);
    }
  });

  it('is its own normal form, for any mixture', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '%2e',
      '\\',
      'a',
      '%41',
      '%',
      '%20',
      ';',
      '"',
      '?',
      '#',
      '\u00e9',
      '[',
      '|',
    );
    fc.assert(fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => expectNormal(`/${pieces.join('')}`)));
  });

  it('is found for ordinary targets', () => {
    expect(plainParts('/books/1?page=2')).toEqual({ path: '/books/1', query: '?page=2' });
  });
});
