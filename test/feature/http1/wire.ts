/** Reads requests and answers off a stream, strictly and apart from the proxy's own code. */

export interface WireMessage {
  readonly startLine: string;
  /** Name as written and value, in order. */
  readonly fields: readonly (readonly [string, string])[];
  /** The head as it was written, without its empty line. */
  readonly head: string;
  readonly body: string;
  /** Trailer fields, names in lower case: `NAME: VALUE, ...`. */
  readonly trailers: string;
  /** Where it ends in the text. */
  readonly end: number;
}

export type Read = WireMessage | 'incomplete' | 'malformed';

const fieldLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/** How the body of a message without framing fields ends. */
type Unframed = 'no-body' | 'until-close';

/** `bodiless` messages have none whatever their fields say. */
export function readMessage(
  text: string,
  start: number,
  unframed: Unframed,
  { bodiless = false, closed = false } = {},
): Read {
  const headEnd = text.indexOf('\r\n\r\n', start);
  if (headEnd < 0) return 'incomplete';
  const head = text.slice(start, headEnd);
  const [startLine = '', ...lines] = head.split('\r\n');
  const matches = lines.map((each) => fieldLine.exec(each));
  if (/[\r\n\0]/.test(startLine) || matches.includes(null)) return 'malformed';
  const fields = matches.map((match) => [match?.[1] ?? '', match?.[2] ?? ''] as const);
  const message = { startLine, fields, head, body: '', trailers: '', end: headEnd + 4 };
  if (bodiless) return message;
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) return 'malformed';
  if (codings.length === 1) {
    return codings[0]?.toLowerCase() === 'chunked' ? readChunks(text, message) : 'malformed';
  }
  if (lengths.length === 0) {
    if (unframed === 'no-body') return message;
    return closed ? { ...message, body: text.slice(message.end), end: text.length } : 'incomplete';
  }
  if (!/^[0-9]+$/.test(lengths[0] ?? '')) return 'malformed';
  const end = message.end + Number(lengths[0]);
  return end > text.length ? 'incomplete' : { ...message, body: text.slice(message.end, end), end };
}

export function valuesOf(fields: WireMessage['fields'], name: string): readonly string[] {
  return fields.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
}

function readChunks(text: string, message: WireMessage): Read {
  let at = message.end;
  let body = '';
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return 'incomplete';
    const size = /^([0-9A-Fa-f]+)(?:;[^\r\n]*)?$/.exec(text.slice(at, lineEnd))?.[1];
    if (size === undefined) return 'malformed';
    at = lineEnd + 2;
    const length = Number.parseInt(size, 16);
    if (length === 0) break;
    if (text.length < at + length + 2) return 'incomplete';
    body += text.slice(at, at + length);
    if (!text.startsWith('\r\n', at + length)) return 'malformed';
    at += length + 2;
  }
  const trailers: string[] = [];
  for (;;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return 'incomplete';
    if (lineEnd === at) return { ...message, body, trailers: trailers.join(', '), end: at + 2 };
    const trailer = fieldLine.exec(text.slice(at, lineEnd));
    if (trailer === null) return 'malformed';
    trailers.push(`${trailer[1]?.toLowerCase()}: ${trailer[2]}`);
    at = lineEnd + 2;
  }
}
