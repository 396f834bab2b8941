import type { Match, Route, RouteRule } from './documents.ts';

/** A match that holds for a request, with what decides among several. */
export interface Candidate {
  readonly route: Route;
  readonly rule: RouteRule;
  /** Of the rule within its route. */
  readonly index: number;
  readonly match: Match;
}

/** Where implementations have expressions for paths, which the API does not say: behind Exact, and before or behind prefixes. */
export type ExpressionRank = 'before prefixes' | 'behind prefixes';

/** Negative: `a` takes precedence over `b`. */
export function byPrecedence(expressions: ExpressionRank): (a: Candidate, b: Candidate) => number {
  const ranks: Readonly<Record<string, number>> = {
    Exact: 3,
    PathPrefix: 2,
    RegularExpression: expressions === 'before prefixes' ? 2.5 : 1,
  };
  const rank = ({ path }: Match): number => ranks[path.type] ?? 0;
  return (a, b) =>
    (a.route.kind === 'GRPCRoute' ? byCall(a.match, b.match) : byRequest(a.match, b.match, rank)) ||
    a.route.created - b.route.created ||
    compareText(`${a.route.namespace}/${a.route.name}`, `${b.route.namespace}/${b.route.name}`) ||
    a.index - b.index;
}

/**
 * HTTPRouteRule.matches: exact path, longest prefix, method, most headers, most query parameters. Among expressions the longer
 * comes first with all implementations that say anything of it.
 */
function byRequest(a: Match, b: Match, rank: (match: Match) => number): number {
  return (
    rank(b) - rank(a) ||
    (a.path.type === 'Exact' ? 0 : b.path.value.length - a.path.value.length) ||
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    b.headers.length - a.headers.length ||
    b.query.length - a.query.length
  );
}

/** GRPCRouteRule.matches: characters of the service, of the method, most headers. */
function byCall(a: Match, b: Match): number {
  return (
    (b.call?.service?.length ?? 0) - (a.call?.service?.length ?? 0) ||
    (b.call?.method?.length ?? 0) - (a.call?.method?.length ?? 0) ||
    b.headers.length - a.headers.length
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
