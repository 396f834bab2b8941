import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { limits } from '../../../../src/proxy/limits.ts';
import { readClientHello } from '../../../../src/proxy/tls/client-hello.ts';

const sized = (size: number, body: Buffer) => {
  const length = Buffer.alloc(size);
  length.writeUIntBE(body.length, 0, size);
  return Buffer.concat([length, body]);
};
const nameExtension = (name: string, type = 0) =>
  extension(0, sized(2, Buffer.concat([Buffer.from([type]), sized(2, Buffer.from(name, 'latin1'))])));
const extension = (type: number, data: Buffer) => Buffer.concat([Buffer.from([type >> 8, type & 255]), sized(2, data)]);

function message(extensions: readonly Buffer[] | undefined, trailing = Buffer.alloc(0)): Buffer {
  const body = [
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    sized(1, Buffer.alloc(32)),
    sized(2, Buffer.from([0x13, 0x01])),
    sized(1, Buffer.from([0])),
    ...(extensions === undefined ? [] : [sized(2, Buffer.concat(extensions))]),
    trailing,
  ];
  return Buffer.concat([Buffer.from([1]), sized(3, Buffer.concat(body))]);
}

/** The message in records of the given sizes; the last takes the rest. */
function records(whole: Buffer, sizes: readonly number[] = []): Buffer {
  const pieces: Buffer[] = [];
  let at = 0;
  for (const size of [...sizes, whole.length]) {
    if (at >= whole.length) break;
    pieces.push(Buffer.concat([Buffer.from([22, 3, 1]), sized(2, whole.subarray(at, at + size))]));
    at += size;
  }
  return Buffer.concat(pieces);
}

const hello = (...extensions: Buffer[]) => records(message(extensions));

describe('a ClientHello', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('of a real client says its server name (%s)', async (version) => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    const options = { host: '127.0.0.1', port, minVersion: version, maxVersion: version };
    const client = tls.connect({ ...options, servername: 'Store.Default.svc', rejectUnauthorized: false });
    client.on('error', () => {});
    const [socket] = (await once(server, 'connection')) as [net.Socket];
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(readClientHello(bytes)).toEqual({ kind: 'hello', serverName: 'store.default.svc' });
    client.destroy();
    server.close();
  });

  test('may have no name', () => {
    const none = { kind: 'hello', serverName: '' };
    expect(readClientHello(records(message(undefined)))).toEqual(none);
    expect(readClientHello(hello(extension(16, Buffer.from([0]))))).toEqual(none);
    expect(readClientHello(hello(nameExtension('a b')))).toEqual(none);
    expect(readClientHello(hello(nameExtension('')))).toEqual(none);
  });

  test.each([
    ['two name extensions', hello(nameExtension('a'), nameExtension('b'))],
    ['a name of another type', hello(nameExtension('a', 1))],
    ['two names', hello(extension(0, sized(2, Buffer.from([0, 0, 1, 97, 0, 0, 1, 98]))))],
    ['a name list that is too short', hello(extension(0, Buffer.from([0, 5, 0, 0, 1, 97])))],
    ['an extension that is too short', hello(Buffer.from([0, 16, 0, 9, 1]))],
    ['bytes after the extensions', records(message([nameExtension('a')], Buffer.from([1])))],
    ['another handshake message', records(Buffer.concat([Buffer.from([2]), sized(3, Buffer.alloc(60))]))],
    ['another record', Buffer.from([23, 3, 3, 0, 1, 0])],
    ['plain text', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['SSL 2', Buffer.from([128, 46, 1, 3, 1])],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 1, 0x40, 1])],
    ['a message that is too long', Buffer.from([22, 3, 1, 0, 4, 1, 0, limits.clientHelloBytes >> 8, 0])],
    ['nothing in it', records(Buffer.from([1, 0, 0, 0]))],
  ])('with %s is bad', (_what, bytes) => {
    expect(readClientHello(bytes)).toEqual({ kind: 'bad' });
  });

  const anExtension = fc
    .tuple(fc.integer({ min: 1, max: 65_535 }), fc.uint8Array({ maxLength: 40 }))
    .map(([type, data]) => extension(type, Buffer.from(data)));
  const aName = fc.stringMatching(/^[a-zA-Z0-9-]{1,20}(\.[a-zA-Z0-9-]{1,10}){0,3}$/);

  test('says the same however it is cut into records and segments', () => {
    fc.assert(
      fc.property(
        aName,
        fc.array(anExtension, { maxLength: 6 }),
        fc.nat(6),
        fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 20 }),
        (name, others, place, sizes) => {
          const extensions = others.toSpliced(place, 0, nameExtension(name));
          const bytes = records(message(extensions), sizes);
          expect(readClientHello(bytes)).toEqual({ kind: 'hello', serverName: name.toLowerCase() });
          for (let end = 0; end < bytes.length; end++) {
            const part = readClientHello(bytes.subarray(0, end));
            if (part.kind !== 'more') throw new Error(`${part.kind} after ${end} of ${bytes.length} bytes`);
            expect(part.needed).toBeGreaterThan(end);
            expect(part.needed).toBeLessThanOrEqual(bytes.length);
          }
          expect(readClientHello(Buffer.concat([bytes, Buffer.from('more')])).kind).toBe('hello');
        },
      ),
    );
  });

  test('with any byte changed is read to an end', () => {
    const bytes = hello(nameExtension('store'), extension(43, Buffer.from([2, 3, 4])));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(bytes);
        changed[at] = value;
        expect(['more', 'hello', 'bad']).toContain(readClientHello(changed).kind);
      }),
    );
  });
});
