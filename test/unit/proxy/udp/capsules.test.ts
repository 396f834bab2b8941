import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CapsuleReader, datagramCapsule } from '../../../../src/proxy/udp/capsules.ts';

function readAll(parts: readonly Buffer[]) {
  const datagrams: string[] = [];
  const reader = new CapsuleReader((payload) => datagrams.push(payload.toString('hex')));
  for (const part of parts) reader.read(part);
  return { datagrams, failed: reader.failed };
}

describe('capsules', () => {
  test('datagrams come back whole and in order, however the stream is cut', () => {
    const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
    fc.assert(
      fc.property(payloads, fc.array(fc.nat(), { maxLength: 10 }), (sent, cuts) => {
        const bytes = Buffer.concat(sent.map((payload) => datagramCapsule(Buffer.from(payload))));
        const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const parts = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
        const datagrams = sent.map((payload) => Buffer.from(payload).toString('hex'));
        expect(readAll(parts)).toEqual({ datagrams, failed: false });
      }),
    );
  });

  test.each([1, 62, 63, 64, 16_382, 16_383, 65_507])('a payload of %i octets survives', (size) => {
    const payload = Buffer.alloc(size, 7);
    expect(readAll([datagramCapsule(payload)]).datagrams).toEqual([payload.toString('hex')]);
  });

  test('other types and other contexts are passed over', () => {
    const other = Buffer.from([0x17, 3, 1, 2, 3]);
    const context = Buffer.from([0, 2, 1, 9]);
    const empty = Buffer.from([0, 0]);
    expect(readAll([other, context, empty, datagramCapsule(Buffer.from([5]))])).toEqual({
      datagrams: ['05'],
      failed: false,
    });
  });

  test.each([
    ['a datagram that is too large for UDP', [0, 0x80, 1, 0, 1]],
    ['an endless capsule of another type', [0x17, 0xc0, 0, 0, 1, 0, 0, 0, 0]],
  ])('%s ends the reading', (_name, bytes) => {
    expect(readAll([Buffer.from(bytes), datagramCapsule(Buffer.from([5]))])).toEqual({ datagrams: [], failed: true });
  });

  test('nonsense never throws', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (parts) => {
        readAll(parts.map((part) => Buffer.from(part)));
      }),
    );
  });
});
