import type { EnvoyOptions } from '../options.ts';
import type { Message } from './message.ts';
import { cel } from './peer-metadata.ts';

const [traceId, spanId, sampled, flags] = ['traceid', 'spanid', 'sampled', 'flags'].map((name) => `x-b3-${name}`);
const value = (name: string | undefined) => `request.headers['${name}']`;
const has = (name: string | undefined) => `'${name}' in request.headers`;

/** A whole context, in which somebody has decided whether it is sampled. */
const decided = [
  ...[has(traceId), has(spanId), `(${has(sampled)} || ${has(flags)} && ${value(flags)} == '1')`],
  `${value(traceId)}.matches('^([0-9a-f]{16}){1,2}$') && !${value(traceId)}.matches('^0+$')`,
  `${value(spanId)}.matches('^[0-9a-f]{16}$') && !${value(spanId)}.matches('^0+$')`,
].join(' && ');
const isSampled = `${has(flags)} && ${value(flags)} == '1' || ${has(sampled)} && ${value(sampled)} in ['1', 'true']`;

/** Envoy's CEL does not put texts together; without a context every part is empty, and a header of nothing is not added. */
const traceparent = [
  `size(${value(traceId)}) == 16 ? '00-${'0'.repeat(16)}' : '00-'`,
  value(traceId),
  "'-'",
  value(spanId),
  `${isSampled} ? '-01' : '-00'`,
]
  .map((part) => cel(`${decided} ? (${part}) : ''`))
  .join('');

/**
 * Where the mesh passes B3 on, mutations of a request that make its several headers of B3 the context that Envoy's tracer reads, unless the
 * request has that. Nothing that can be said here takes the single header apart.
 */
export function b3Context({ tracing }: EnvoyOptions): readonly Message[] {
  const forms: readonly string[] = tracing?.propagation ?? [];
  if (!forms.includes('b3') && !forms.includes('b3multi')) return [];
  return [{ append: { header: { key: 'traceparent', value: traceparent }, appendAction: 'ADD_IF_ABSENT' } }];
}
