import { connect } from 'node:net';
import type { Target } from './client.ts';

export type FieldList = readonly (readonly [string, string])[];

/** One request in HTTP/2; fields are sent as they are, well-formed or not. */
export interface StreamRequest {
  readonly fields: FieldList;
  readonly body?: string;
  readonly trailers?: FieldList;
  /** The trailers do not end the stream. */
  readonly open?: true;
}

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const GOAWAY = 7;
const END_STREAM = 1;
const END_HEADERS = 4;

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A string literal of HPACK without Huffman coding (RFC 7541 5.2). */
function literal(text: string): Buffer {
  const octets = Buffer.from(text, 'latin1');
  if (octets.length < 127) return Buffer.concat([Buffer.from([octets.length]), octets]);
  const rest = octets.length - 127;
  return Buffer.concat([Buffer.from([127, (rest & 127) | 128, rest >> 7]), octets]);
}

const block = (fields: FieldList): Buffer =>
  Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));

function framesOf(stream: number, { fields, body, trailers, open }: StreamRequest): Buffer {
  const last = body === undefined && trailers === undefined;
  const frames = [frame(HEADERS, END_HEADERS | (last ? END_STREAM : 0), stream, block(fields))];
  if (body !== undefined) {
    frames.push(frame(DATA, trailers === undefined ? END_STREAM : 0, stream, Buffer.from(body, 'latin1')));
  }
  if (trailers !== undefined) {
    frames.push(frame(HEADERS, END_HEADERS | (open === true ? 0 : END_STREAM), stream, block(trailers)));
  }
  return Buffer.concat(frames);
}

const closing: StreamRequest = {
  fields: [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/end'],
    [':authority', 'legacy'],
  ],
};

/**
 * Sends a request and another one behind it on one connection of HTTP/2. What became of the first: `answered`, `reset CODE`, or
 * nothing; `end` where the second was answered, `goaway CODE` where the connection was given up.
 */
export async function outcomeOf(target: Target, request: StreamRequest): Promise<string> {
  const socket = connect({ ...target, noDelay: true });
  socket.on('error', () => {});
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(frame(SETTINGS, 0, 0, Buffer.alloc(0)));
  socket.write(framesOf(1, request));
  socket.write(framesOf(3, closing));
  const first: string[] = [];
  let end = '';
  let held = Buffer.alloc(0);
  socket.on('data', (bytes: Buffer) => {
    held = Buffer.concat([held, bytes]);
    while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
      const payload = held.subarray(9, 9 + held.readUIntBE(0, 3));
      const [type, stream] = [held[3], held.readUInt32BE(5)];
      if (type === HEADERS && stream === 1 && first.length === 0) first.push('answered');
      if (type === RST_STREAM && stream === 1 && first.length === 0) first.push(`reset ${payload.readUInt32BE(0)}`);
      if (type === GOAWAY && end === '') end = `goaway ${payload.readUInt32BE(4)}`;
      if (type === HEADERS && stream === 3) end = 'end';
      held = held.subarray(9 + payload.length);
    }
    if (end === 'end' && first.length > 0) socket.end();
  });
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return [...first, end].filter((part) => part !== '').join(' ');
}
