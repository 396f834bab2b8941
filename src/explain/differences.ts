import type { Origin } from '../diagnostics/origin.ts';
import { compileRe2 } from '../lib/re2.ts';
import { isPrincipal } from '../model/access.ts';
import type { InboundRequest } from '../model/decision.ts';
import { headerMatches, headerValue, type MatchedRequest, mismatches } from '../model/match.ts';
import type { Grant, GrantTarget, HeaderMatch, HttpMatch, PathMatch, Principal } from '../model/types.ts';

/** One thing that would have to be otherwise for a rule to cover a request. */
export interface Difference {
  readonly part: 'source' | 'port' | 'method' | 'path' | 'header';
  /** What is and what would have to be, as a sentence without its full stop. */
  readonly text: string;
  /** The fields that say so. */
  readonly origins: readonly Origin[];
}

/** What reaches a server's sidecar, as grants look at it. */
export interface Arrival {
  readonly sender: Pick<InboundRequest, 'peer' | 'from'>;
  readonly transport: GrantTarget['transport'];
  /** The container port. */
  readonly port: number;
  /** Absent where the sidecar does not read HTTP. */
  readonly http?: MatchedRequest;
}

/** Everything that keeps one target of a grant from covering what arrives; empty when it covers it. */
export function grantDifferences(grant: Grant, target: GrantTarget, arrival: Arrival): readonly Difference[] {
  return [
    ...sourceDifference(grant, arrival),
    ...portDifference(target, arrival),
    ...(arrival.http === undefined ? [] : matchDifferences(target.http, arrival.http)),
  ];
}

/** Everything that keeps a match from matching a request. */
export function matchDifferences(match: HttpMatch | 'any', request: MatchedRequest): readonly Difference[] {
  if (match === 'any') return [];
  const failed = mismatches(match, request);
  return failed.flatMap((part): readonly Difference[] => {
    if (part === 'method' && match.methods !== 'any') {
      const text = `the request uses method ${request.method}, the match allows ${match.methods.join(', ')}`;
      return [{ part, text, origins: fieldsOf(match, '.methods') }];
    }
    if (part === 'path' && match.path !== 'any') {
      const text = `the path ${request.path} must ${describePath(match.path)}`;
      return [{ part, text, origins: fieldsOf(match, '.pathRegex') }];
    }
    if (match.headers === 'any') return [];
    const wrong = match.headers.filter((header) => !headerMatches(header, request));
    return wrong.map((header) => headerDifference(header, match, request));
  });
}

function headerDifference(header: HeaderMatch, match: HttpMatch, request: MatchedRequest): Difference {
  const host = header.name === ':authority';
  const value = host ? request.authority : headerValue(request.headers, header.name);
  const name = host ? 'host' : header.name;
  const is = value === undefined ? 'the request has no' : 'the request has';
  const shown = value === undefined ? `header ${name}` : `${name}: ${value}`;
  const text = `${is} ${shown}, the match wants a value that is ${header.re2}`;
  return { part: 'header', text, origins: fieldsOf(match, '.headers') };
}

/** Where a match says something about one of its parts; all of it when that is not known. */
function fieldsOf({ origins }: HttpMatch, field: string): readonly Origin[] {
  const own = origins.filter(({ path }) => path.endsWith(field));
  return own.length > 0 ? own : origins;
}

function describePath(path: PathMatch): string {
  if (path.kind === 'exact') return `be ${path.value}`;
  if (path.kind === 'prefix') return `begin with ${path.value}`;
  const { re2 } = path;
  const open = unwrapped(/^\(\?:(.*)\)\(\?s:\.\*\)$/s.exec(re2)?.[1]);
  if (open !== undefined) return `begin with a match of ${open}`;
  return `match ${unwrapped(/^\(\?:(.*)\)$/s.exec(re2)?.[1]) ?? re2} as a whole`;
}

/** What stands in brackets, as it was written, if it is an expression of its own. */
function unwrapped(inner: string | undefined): string | undefined {
  return inner !== undefined && compileRe2(inner).ok ? inner : undefined;
}

function sourceDifference({ rule, from }: Grant, { sender }: Arrival): readonly Difference[] {
  if (from.some((principal) => isPrincipal(principal, sender))) return [];
  const origins = from.flatMap((principal) => principal.origins);
  const ofAccount = from.some(({ spiffe }) => spiffe === sender.peer);
  const who = describeIdentity(sender.peer);
  const text = ofAccount
    ? `the client is not one of the pods of ${who} that ${rule} names as sources`
    : `the client is not among its sources (${from.map(describePrincipal).join(', ')}): add ${who} to spec.sources`;
  return [{ part: 'source', text, origins }];
}

function describePrincipal(principal: Principal): string {
  const who = describeIdentity(principal.spiffe);
  return principal.kind === 'pods' ? `some pods of ${who}` : who;
}

/** `ServiceAccount default/buyer`, or the id itself when it has another form. */
export function describeIdentity(spiffe: string): string {
  const [, namespace, account] = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(spiffe) ?? [];
  return namespace === undefined ? spiffe : `ServiceAccount ${namespace}/${account}`;
}

function portDifference(target: GrantTarget, { transport, port, http }: Arrival): readonly Difference[] {
  const { origins } = target;
  if (target.transport !== transport) {
    const text = `the request comes over ${transport.toUpperCase()}, the rule is about ${target.transport.toUpperCase()}`;
    return [{ part: 'port', text, origins }];
  }
  if (target.ports !== 'any' && !target.ports.includes(port)) {
    const text = `the request arrives at container port ${port}, the rule allows ${target.ports.join(', ')}`;
    return [{ part: 'port', text, origins }];
  }
  if (target.http === 'any' || http !== undefined) return [];
  return [
    { part: 'port', text: `the rule lets in HTTP requests, and container port ${port} does not carry HTTP`, origins },
  ];
}
