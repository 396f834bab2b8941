import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../../../../src/proxy/http2/hpack/decoder.ts';
import { HpackEncoder } from '../../../../../src/proxy/http2/hpack/encoder.ts';
import { FieldLine } from '../../../../../src/proxy/http2/hpack/field-line.ts';

type Line = readonly [name: string, value: string];

const octets = (maxLength: number) =>
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength }).map((codes) => String.fromCharCode(...codes));
const names = fc.oneof(
  fc.constantFrom(':path', ':method', 'cookie', 'authorization', 'date', 'accept', 'x-request-id', 'grpc-status'),
  octets(20),
);
const values = fc.oneof(fc.constantFrom('', 'GET', '/', 'gzip, deflate', 'a', 'b'.repeat(300)), octets(200));
const lists = fc.array(fc.array(fc.tuple(names, values), { maxLength: 12 }), { maxLength: 20 });

function encode(by: HpackEncoder, list: readonly Line[]): Buffer {
  by.begin();
  for (const [name, value] of list) by.add(new FieldLine(name, value));
  return Buffer.from(by.bytes.subarray(0, by.length));
}

const newDecoder = (tableBytes: number) => new HpackDecoder({ tableBytes, listBytes: 1 << 20, lines: 1_000 });

function decode(by: HpackDecoder, block: Buffer): readonly Line[] | undefined {
  return by.decode(block, 0, block.length, false)?.lines.map(({ name, value }) => [name, value]);
}

describe('what an encoder writes, a decoder reads', () => {
  it('for any lists, with tables of any size that change in between', () => {
    const step = fc.record({ list: fc.array(fc.tuple(names, values), { maxLength: 12 }), table: fc.nat(5_000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.boolean(), (steps, changes) => {
        const encoder = new HpackEncoder(4_096);
        const decoder = newDecoder(4_096);
        for (const { list, table } of steps) {
          if (changes) {
            encoder.limitTable(table);
            encoder.limitTable(Math.max(64, table * 2));
          }
          // Twice, so that lines are indexed; and each block twice, so that it comes from the cache.
          for (const copy of [list, list, list]) expect(decode(decoder, encode(encoder, copy))).toEqual(copy);
        }
      }),
    );
  });

  it('for lists that repeat in any order', () => {
    fc.assert(
      fc.property(lists, fc.infiniteStream(fc.nat(1_000)), (all, order) => {
        fc.pre(all.length > 0);
        const encoder = new HpackEncoder(512);
        const decoder = newDecoder(4_096);
        encoder.limitTable(512);
        for (let i = 0; i < 60; i++) {
          const list = all[order.next().value! % all.length]!;
          expect(decode(decoder, encode(encoder, list))).toEqual(list);
        }
      }),
    );
  });
});

describe('an encoder', () => {
  it('writes a line that repeats as one octet', () => {
    const encoder = new HpackEncoder(4_096);
    const list: Line[] = [['user-agent', 'curl/8']];
    const sizes = [1, 2, 3, 4].map(() => encode(encoder, list).length);
    expect(sizes).toEqual([9, 8, 1, 1]);
  });

  it('does not index what comes once', () => {
    const encoder = new HpackEncoder(4_096);
    for (let i = 0; i < 1_000; i++) encode(encoder, [[':path', `/${i}`]]);
    expect(encode(encoder, [[':path', '/again']])[0]).toBe(0x04);
  });

  it.each([
    ['authorization', 'Bearer x', 23],
    ['cookie', 'a=b', 32],
    ['set-cookie', 'session=0123456789012345678901', 55],
    ['proxy-authorization', 'Basic x', 49],
  ])('never indexes %s', (name, value, index) => {
    const encoder = new HpackEncoder(4_096);
    for (let i = 0; i < 4; i++) {
      expect([...encode(encoder, [[name, value]]).subarray(0, 2)]).toEqual([0x1f, index - 15]);
    }
  });

  it('keeps a line never indexed that came so', () => {
    const decoder = newDecoder(4_096);
    const encoder = new HpackEncoder(4_096);
    const block = Buffer.from('100870617373776f726406736563726574', 'hex');
    for (let i = 0; i < 4; i++) {
      encoder.begin();
      for (const line of decoder.decode(block, 0, block.length, false)!.lines) encoder.add(line);
      expect(encoder.bytes.subarray(0, encoder.length)).toEqual(block);
    }
  });

  it('tells the smallest size that the table had in between', () => {
    const encoder = new HpackEncoder(4_096);
    encoder.limitTable(0);
    encoder.limitTable(100);
    expect(encode(encoder, []).toString('hex')).toBe('203f45');
    expect(encode(encoder, []).toString('hex')).toBe('');
  });
});

describe('a decoder', () => {
  it('reads any bytes without an exception', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 10 }), (blocks) => {
        const decoder = newDecoder(256);
        for (const block of blocks) decoder.decode(Buffer.from(block), 0, block.length, true);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives the same list for the same bytes, until the table changes', () => {
    const decoder = newDecoder(4_096);
    const read = (hex: string, endStream = false) => {
      const block = Buffer.from(hex, 'hex');
      return decoder.decode(block, 0, block.length, endStream)!;
    };
    read('4001610162');
    const [, second, third] = [read('82be'), read('82be'), read('82be')];
    expect(third).toBe(second);
    expect(read('82be', true).endStream).toBe(true);
    read('4001610163');
    expect(read('82be').lookup('a')).toBe('c');
  });
});
