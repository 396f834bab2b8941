import type { Fields } from '../http/message.ts';

/** A form in which the context of a trace travels; bits of a set. */
export const W3C = 1;
export const B3 = 2;
export const B3_MULTI = 4;

/** What a request says about the trace that it belongs to. */
export interface TraceContext {
  /** 32 hexadecimal digits; empty when the request only says whether to sample. */
  readonly traceId: string;
  /** 16 hexadecimal digits, of the caller's span. */
  readonly spanId: string;
  /** Undefined: nobody has decided. */
  readonly sampled: boolean | undefined;
  /** Asked for by B3's debug flag, which goes on as it came. */
  readonly debug: boolean;
  /** The forms in which it came or goes on, a set. */
  readonly forms: number;
}

/**
 * The context of a request: W3C's before B3's, since it is the stricter one. What is malformed, repeated with different values included, counts as
 * absent (W3C Trace Context 4.3).
 */
export function readContext(fields: Fields): TraceContext | undefined {
  const parent = fields.lookup('traceparent');
  const single = fields.lookup('b3');
  const ids = fields.lookup('x-b3-traceid');
  const sampled = fields.lookup('x-b3-sampled');
  const flags = fields.lookup('x-b3-flags');
  if (parent === undefined && single === undefined && (ids ?? sampled ?? flags) === undefined) return undefined;
  const w3c = parent === undefined ? undefined : readTraceparent(parent);
  const b3 = single === undefined ? undefined : readSingle(single);
  const multi = readMulti(ids, fields.lookup('x-b3-spanid'), sampled, flags);
  const forms = (w3c ? W3C : 0) | (b3 ? B3 : 0) | (multi ? B3_MULTI : 0);
  const found = w3c ?? b3 ?? multi;
  return found === undefined ? undefined : { ...found, forms };
}

type Read = Omit<TraceContext, 'forms'>;

const noId = /^0+$/;
const w3cForm = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const singleForm = /^([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?$/i;

function readTraceparent(text: string): Read | undefined {
  const [, version, traceId = '', spanId = '', flags = '', more] = w3cForm.exec(text) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (noId.test(traceId) || noId.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1, debug: false };
}

function readSingle(text: string): Read | undefined {
  if (/^[01d]$/i.test(text)) return decision(text);
  const [, traceId = '', spanId = '', state] = singleForm.exec(text) ?? [];
  return withIds(traceId, spanId, decision(state));
}

function readMulti(
  traceId: string | undefined,
  spanId: string | undefined,
  sampled: string | undefined,
  flags: string | undefined,
): Read | undefined {
  const decided = decision(flags === '1' ? 'd' : sampled);
  if (traceId === undefined) return decided.sampled === undefined ? undefined : decided;
  if (!/^(?:[0-9a-f]{32}|[0-9a-f]{16})$/i.test(traceId) || !/^[0-9a-f]{16}$/i.test(spanId ?? '')) return undefined;
  return withIds(traceId, spanId ?? '', decided);
}

function withIds(traceId: string, spanId: string, decided: Read): Read | undefined {
  if (noId.test(traceId) || noId.test(spanId) || traceId === '') return undefined;
  return { ...decided, traceId: traceId.toLowerCase().padStart(32, '0'), spanId: spanId.toLowerCase() };
}

function decision(state: string | undefined): Read {
  const debug = state === 'd' || state === 'D';
  const sampled = debug || state === '1' || state === 'true' ? true : state === undefined ? undefined : false;
  return { traceId: '', spanId: '', sampled, debug };
}

/** Sets a header of a request, or takes it away. */
interface HeaderWriter {
  set(name: string, value: string): void;
  remove(name: string): void;
}

/** The context of a request that a proxy follows. */
export interface OwnContext extends TraceContext {
  readonly sampled: boolean;
  /** The request's `tracestate` is of another trace, or of none. */
  readonly foreignState: boolean;
}

/** Writes the context for the next hop, each form once. The `tracestate` of the trace goes on as it came. */
export function writeContext(
  { traceId, spanId, sampled, debug, forms, foreignState }: OwnContext,
  parentId: string,
  to: HeaderWriter,
): void {
  if ((forms & W3C) !== 0) {
    to.set('traceparent', `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`);
    if (foreignState) to.remove('tracestate');
  }
  const state = sampled ? '1' : '0';
  if ((forms & B3) !== 0) {
    to.set('b3', `${traceId}-${spanId}-${debug ? 'd' : state}${parentId === '' ? '' : `-${parentId}`}`);
  }
  if ((forms & B3_MULTI) === 0) return;
  to.set('x-b3-traceid', traceId);
  to.set('x-b3-spanid', spanId);
  if (parentId === '') to.remove('x-b3-parentspanid');
  else to.set('x-b3-parentspanid', parentId);
  if (debug) to.set('x-b3-flags', '1');
  else to.set('x-b3-sampled', state);
}
