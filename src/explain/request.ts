import { normalizePath } from '../lib/http-path.ts';
import type { HttpRequest } from '../model/decision.ts';
import { headerValue, type MatchedRequest } from '../model/match.ts';
import type { Protocol } from '../model/types.ts';
import type { ExplainedRequest, Question } from './explanation.ts';

/** The request that a question means at a port of that protocol. */
export function requestOf(question: Question, protocol: Protocol): ExplainedRequest {
  const { method = 'GET', path = '/', headers = {}, tcp, udp } = question;
  if (udp === true || protocol === 'udp') return { kind: 'udp' };
  if (tcp === true || protocol === 'tcp') return { kind: 'tcp' };
  return { kind: 'http', method, path, headers: normalHeaders(headers) };
}

/** Names in lower case, values without the blanks around them (RFC 9110 section 5.5); one value is no list. */
function normalHeaders(headers: HttpRequest['headers']): HttpRequest['headers'] {
  const named = Map.groupBy(Object.entries(headers), ([name]) => name.toLowerCase());
  return Object.fromEntries(
    [...named].map(([name, entries]) => {
      const values = entries.flatMap(([, value]) => value).map((value) => value.trim());
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

/** A request as matches look at it; `undefined` for what is not HTTP, or has a path that is answered 400. */
export function matched(request: ExplainedRequest, host: string): MatchedRequest | undefined {
  if (request.kind !== 'http') return undefined;
  const normal = normalizePath(request.path);
  if (!normal.ok) return undefined;
  const { method, headers } = request;
  return { method, path: normal.value.path, authority: headerValue(headers, 'host') ?? host, headers };
}
