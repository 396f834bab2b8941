import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BodyReader } from '../../../../src/proxy/codec/body.ts';
import { BROKEN, COMPLETE, HeadBuffer, INCOMPLETE, TOO_LARGE } from '../../../../src/proxy/codec/head-buffer.ts';

/** Cuts bytes at the given places. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length));
}

/** How far a reader came, over all pieces, and what it said. */
function readAll(parts: readonly Buffer[], start: (reader: BodyReader) => void) {
  const reader = new BodyReader();
  start(reader);
  let consumed = 0;
  let content = '';
  for (const part of parts) {
    const end = reader.read(part, 0, part.length);
    if (!reader.failed) content += reader.content(part, 0, end)?.toString('latin1') ?? '';
    consumed += end;
    if (reader.done || reader.failed) break;
  }
  if (reader.failed) content = '';
  const trailers: string[] = [];
  if (reader.done) reader.trailers?.each((name, value) => trailers.push(`${name}: ${value}`));
  return { consumed, content, trailers, done: reader.done, failed: reader.failed };
}

const chunked = (text: string) => readAll([Buffer.from(text, 'latin1')], (reader) => reader.chunked());

describe('chunked bodies', () => {
  test('content, extensions and trailers are followed to the end and no further', () => {
    const body = '5;a=b\r\nhello\r\n0A\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n';
    expect(chunked(`${body}GET /`)).toEqual({
      consumed: body.length,
      content: 'hello0123456789',
      trailers: ['x-sum: 1'],
      done: true,
      failed: false,
    });
  });

  test.each([
    ['no size', '\r\nhello\r\n'],
    ['a size in other letters', '5g\r\nhello\r\n'],
    ['a signed size', '-5\r\nhello\r\n'],
    ['a size with 0x', '0x5\r\nhello\r\n'],
    ['a size after a space', ' 5\r\nhello\r\n'],
    ['a space after the size', '5 \r\nhello\r\n'],
    ['an enormous size', 'FFFFFFFFFFFFFFFF\r\n'],
    ['a line that ends with LF', '5\nhello\r\n'],
    ['an extension with LF', '5;a\nhello\r\n'],
    ['an extension with a bare CR', '5;a\rb\r\nhello\r\n'],
    ['an endless extension', `5;${'a'.repeat(300)}\r\nhello\r\n`],
    ['more content than the size', '5\r\nhello!\r\n'],
    ['content ended by LF', '5\r\nhello\n'],
    ['a trailer without a colon', '0\r\nnonsense\r\n\r\n'],
    ['a trailer with a space before the colon', '0\r\nX : 1\r\n\r\n'],
    ['a trailer that frames', '0\r\nContent-Length: 1\r\n\r\n'],
    ['a trailer that authorises', '0\r\nAuthorization: x\r\n\r\n'],
    ['a trailer with LF', '0\r\nX: 1\n\r\n'],
    ['endless trailers', `0\r\n${'X: 1\r\n'.repeat(2000)}`],
  ])('%s is refused', (_name, text) => {
    expect(chunked(text)).toMatchObject({ failed: true, done: false });
  });

  test('any segmentation reads the same', () => {
    const bodies = fc.oneof(
      fc.constantFrom(
        '5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\nREST',
        '3\r\nab\r\n0\r\n\r\n',
        '0\r\n\r\n\r\n',
      ),
      fc.string({ unit: fc.constantFrom('0', '1', 'a', ';', '\r', '\n', '\r\n', ':', ' ') }),
    );
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(), { maxLength: 8 }), (text, cuts) => {
        const bytes = Buffer.from(text, 'latin1');
        const begin = (reader: BodyReader) => reader.chunked();
        expect(readAll(pieces(bytes, cuts), begin)).toEqual(readAll([bytes], begin));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('bodies with a length', () => {
  test('any segmentation ends at the same byte', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(80), fc.array(fc.nat(), { maxLength: 5 }), (length, sent, cuts) => {
        const bytes = Buffer.alloc(sent);
        const result = readAll(pieces(bytes, cuts), (reader) => reader.length(length));
        expect(result).toMatchObject({ consumed: Math.min(length, sent), done: sent >= length });
      }),
    );
  });
});

describe('heads', () => {
  const outcome = (parts: readonly Buffer[]) => {
    const buffer = new HeadBuffer();
    let before = 0;
    for (const part of parts) {
      const state = buffer.add(part, 0, part.length);
      if (state === COMPLETE)
        return { state, text: buffer.text.slice(0, buffer.end), consumed: before + buffer.consumed };
      if (state !== INCOMPLETE) return { state };
      before += part.length;
    }
    return { state: INCOMPLETE };
  };

  test('any segmentation finds the same head', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ':', ' ', '\r\n', '\r\n\r\n', 'Host: b') });
    fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 8 }), (head, cuts) => {
        const bytes = Buffer.from(head, 'latin1');
        expect(outcome(pieces(bytes, cuts))).toEqual(outcome([bytes]));
      }),
      { numRuns: 2_000 },
    );
  });

  test('what can never become a head is known before its end', () => {
    for (const text of ['GET / HTTP/1.1\n', 'GET / HTTP/1.1\rX', '\x16\x03\x01\0\0']) {
      expect(outcome([Buffer.from(text, 'latin1')]).state).toBe(BROKEN);
    }
  });

  test('a head without end is refused at the limit', () => {
    expect(outcome([Buffer.alloc(40_000, 97)]).state).toBe(TOO_LARGE);
    expect(outcome(Array.from({ length: 400 }, () => Buffer.alloc(100, 97))).state).toBe(TOO_LARGE);
  });
});
