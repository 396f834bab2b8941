import { describeIdentity } from '../../../explain/differences.ts';
import type {
  Distribution,
  HttpMatch,
  InboundPolicy,
  OutboundRule,
  PathMatch,
  Principal,
} from '../../../model/types.ts';

/** Rules in words that say all of their meaning: two service ports with the same words do the same. */
export function ruleLines(rules: readonly OutboundRule[], self: string): readonly string[] {
  return rules.map(({ match, to }) => `${matchWords(match)} to ${distributionWords(to, self)}`);
}

function distributionWords(to: Distribution, self: string): string {
  if (to.kind === 'self') return `${self} 1`;
  if (to.kind === 'fail') return `nobody (${to.because})`;
  return to.targets.map(({ service, port, weight }) => `${service}:${port} ${weight}`).join(', ');
}

/** A policy in words that say all of its meaning, but for the addresses of single pods. */
export function policyLines({ mode, grants }: InboundPolicy): readonly string[] {
  const granted = grants.flatMap(({ rule, from, to }) =>
    to.map(({ transport, ports, http }) => {
      const where = ports === 'any' ? transport : `${transport} ${ports.join(', ')}`;
      return `TrafficTarget ${rule} lets in ${[...new Set(from.map(principalWords))].toSorted().join(', ')}: ${matchWords(http)} on ${where}`;
    }),
  );
  return [`mode ${mode}`, ...granted];
}

function principalWords(principal: Principal): string {
  const who = describeIdentity(principal.spiffe);
  return principal.kind === 'pods' ? `some pods of ${who}` : who;
}

function matchWords(match: HttpMatch | 'any'): string {
  if (match === 'any') return 'anything';
  const methods = match.methods === 'any' ? 'any method' : match.methods.join(' ');
  const headers = match.headers === 'any' ? [] : match.headers.map(({ name, re2 }) => `${name}: ${re2}`);
  return [methods, pathWords(match.path), ...headers].join(' ');
}

function pathWords(path: 'any' | PathMatch): string {
  if (path === 'any') return 'any path';
  return path.kind === 'regex' ? `path ${path.re2}` : `path ${path.kind} ${path.value}`;
}
