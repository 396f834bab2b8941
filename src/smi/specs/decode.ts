import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import { formatFieldPath, type PathSegment } from '../../lib/field-path.ts';
import { compileRe2 } from '../../lib/re2.ts';
import type { SourceDocument } from '../../source/types.ts';
import type { Decoded } from '../decoded.ts';
import { tooManyEntries } from '../entry-limits.ts';
import { smiMeta } from '../meta.ts';
import type { HTTPRouteGroup, RouteMatch, TCPRoute, UDPRoute } from '../types.ts';
import { writtenOrigin, writtenSpec } from '../written.ts';

type Headers = Readonly<Record<string, string>>;

/** v1alpha1 to v1alpha4, after the schema has accepted it. */
interface WireHTTPRouteGroup {
  readonly matches: readonly WireMatch[];
}

interface WireMatch {
  readonly name: string;
  readonly pathRegex?: string;
  readonly methods?: readonly string[];
  readonly headers?: Headers | readonly Headers[];
}

export function decodeHTTPRouteGroup(document: SourceDocument): Decoded<HTTPRouteGroup> {
  const spec = writtenSpec(document) as unknown as WireHTTPRouteGroup;
  const excess = tooManyEntries(document, [
    { limit: 'groupMatches', path: 'spec.matches', count: spec.matches.length },
    { limit: 'groupExpressions', path: 'spec.matches', count: countExpressions(spec) },
  ]);
  if (excess.length > 0) return { diagnostics: excess };
  const diagnostics: Diagnostic[] = [];
  const first = new Map<string, number>();
  const matches = spec.matches.map((wire, index) => {
    const at: readonly PathSegment[] = ['spec', 'matches', index];
    const earlier = first.get(wire.name);
    if (earlier === undefined) first.set(wire.name, index);
    else {
      const message = `the match name ${wire.name} is used twice in this group`;
      const related = [originAt(document, ['spec', 'matches', earlier, 'name'])];
      diagnostics.push(diagnostic('SMI2007', { message, origin: originAt(document, [...at, 'name']), related }));
    }
    return decodeMatch(document, wire, at, diagnostics);
  });
  if (diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics };
  return { value: { meta: smiMeta(document), matches }, diagnostics };
}

function countExpressions({ matches }: WireHTTPRouteGroup): number {
  let count = 0;
  for (const { pathRegex, headers = {} } of matches) {
    count += pathRegex === undefined ? 0 : 1;
    count += Array.isArray(headers) ? headers.length : Object.keys(headers).length;
  }
  return count;
}

function decodeMatch(
  document: SourceDocument,
  wire: WireMatch,
  at: readonly PathSegment[],
  diagnostics: Diagnostic[],
): RouteMatch {
  const { name, pathRegex, methods } = wire;
  if (pathRegex !== undefined) checkRegex(document, [...at, 'pathRegex'], pathRegex, diagnostics);
  const headers = wire.headers === undefined ? undefined : decodeHeaders(document, wire.headers, at, diagnostics);
  return {
    name,
    ...(pathRegex === undefined ? {} : { pathRegex }),
    ...(methods === undefined ? {} : { methods: [...methods] }),
    ...(headers === undefined ? {} : { headers }),
  };
}

/** Both wire forms: an object, or a list of objects with one key each. An element without a key says nothing. */
function decodeHeaders(
  document: SourceDocument,
  wire: Headers | readonly Headers[],
  at: readonly PathSegment[],
  diagnostics: Diagnostic[],
): Headers {
  const inList = Array.isArray(wire);
  const parts: readonly Headers[] = inList ? wire : [wire as Headers];
  const seen = new Map<string, readonly PathSegment[]>();
  const headers: [string, string][] = [];
  for (const [index, part] of parts.entries()) {
    for (const [name, regex] of Object.entries(part)) {
      const path = [...at, 'headers', ...(inList ? [index] : []), name];
      const earlier = seen.get(name.toLowerCase());
      seen.set(name.toLowerCase(), path);
      if (earlier !== undefined) {
        const message = `the header ${name.toLowerCase()} is named twice in this match; case does not tell headers apart`;
        const details = { message, origin: originAt(document, path), related: [originAt(document, earlier)] };
        diagnostics.push(diagnostic('SMI2007', details));
      }
      checkRegex(document, path, regex, diagnostics);
      headers.push([name, regex]);
    }
  }
  return Object.fromEntries(headers);
}

function checkRegex(
  document: SourceDocument,
  path: readonly PathSegment[],
  pattern: string,
  diagnostics: Diagnostic[],
): void {
  const compiled = compileRe2(pattern);
  if (compiled.ok) return;
  const origin = originAt(document, path);
  const message = `${origin.path} cannot be used: ${compiled.error}`;
  diagnostics.push(diagnostic('SMI2009', { message, origin }));
}

function originAt(document: SourceDocument, path: readonly PathSegment[]): Origin {
  return writtenOrigin(document, { object: document.key, path: formatFieldPath(path) });
}

/** TCPRoute and UDPRoute, after the schema has accepted it. Before v1alpha4 there are no ports: every port is meant. */
interface WirePortRoute {
  readonly matches?: { readonly ports: readonly number[] };
}

export function decodePortRoute(document: SourceDocument): Decoded<TCPRoute & UDPRoute> {
  const { matches } = writtenSpec(document) as unknown as WirePortRoute;
  return { value: { meta: smiMeta(document), ports: [...(matches?.ports ?? [])] }, diagnostics: [] };
}
