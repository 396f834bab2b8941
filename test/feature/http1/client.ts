import { once } from 'node:events';
import { connect } from 'node:net';
import { closingStatus } from './recorder.ts';
import { readMessage, valuesOf, type WireMessage } from './wire.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

/**
 * Writes the pieces one after the other, each when the one before has left, and reads until the connection is closed.
 * With `leaves` the client closes it itself once the last answer is there, which saves it the server's linger.
 */
export async function exchange(
  target: Target,
  pieces: readonly string[],
  leaves?: { readonly methods: readonly string[] },
): Promise<string> {
  const socket = connect({ ...target, noDelay: true });
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    if (leaves !== undefined && hasLast(text, leaves.methods)) socket.end();
  });
  // A refused rest may be answered with a reset.
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await Promise.race([once(socket, 'connect'), closed]).catch(() => {});
  for (const piece of pieces) {
    if (socket.destroyed || !socket.writable) break;
    if (piece !== '') await new Promise((resolve) => socket.write(piece, 'latin1', resolve));
    // The reader, when it lives in this process, has its turn.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }
  await closed;
  return text;
}

/** Whether the text ends with a complete answer that is the last of its connection. */
function hasLast(text: string, methods: readonly string[]): boolean {
  let at = 0;
  let finals = 0;
  let last = false;
  while (at < text.length) {
    const status = text.slice(at + 9, at + 12);
    const read = readMessage(text, at, 'until-close', { bodiless: isBodiless(status, methods[finals]) });
    if (typeof read === 'string') return false;
    if (!isInterim(status)) finals += 1;
    last = valuesOf(read.fields, 'connection').some((value) => value.toLowerCase() === 'close');
    at = read.end;
  }
  return last;
}

const isInterim = (status: string) => status.startsWith('1') && status !== '101';
const isBodiless = (status: string, method: string | undefined) =>
  isInterim(status) || status === '204' || status === '304' || method === 'HEAD';

/** The answers in one line, as the tables write them; `describe` renders one complete answer. */
export function answersOf(
  text: string,
  methods: readonly string[],
  describe: (answer: WireMessage, status: string) => string,
): string {
  const parts: string[] = [];
  let at = 0;
  let finals = 0;
  while (at < text.length) {
    const status = /^HTTP\/1\.[01] ([1-9][0-9]{2})[ \r]/.exec(text.slice(at, at + 13))?.[1];
    if (status === undefined) return [...parts, 'garbage'].join(' ');
    const bodiless = isBodiless(status, methods[finals]);
    const read = readMessage(text, at, 'until-close', { bodiless, closed: true });
    if (read === 'malformed') return [...parts, 'malformed'].join(' ');
    if (read === 'incomplete') {
      const begin = text.indexOf('\r\n\r\n', at);
      return [...parts, begin < 0 ? 'cut' : `${status} cut`].join(' ');
    }
    if (!isInterim(status)) finals += 1;
    parts.push(status === closingStatus ? 'end' : describe(read, status));
    at = read.end;
  }
  return parts.join(' ');
}

/** Fields that every message has in its way, or that a data plane adds to every one. */
const ordinary = new Set([
  'connection',
  'content-length',
  'content-type',
  'date',
  'host',
  'keep-alive',
  'server',
  'transfer-encoding',
  'x-forwarded-client-cert',
  'x-forwarded-proto',
]);

/** A message in one line: its fields but the ordinary ones, its body and its trailers. */
export function inOneLine(start: string, message: WireMessage): string {
  const fields = message.fields.filter(([name]) => !ordinary.has(name.toLowerCase()));
  const parts = [start, ...fields.map(([name, value]) => `${name.toLowerCase()}=${shortened(value)}`)];
  if (message.body !== '') parts.push(`[${shortened(message.body)}]`);
  if (message.trailers !== '') parts.push(`{${message.trailers}}`);
  return parts.join(' ');
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 20)}...${text.length}`;
}
