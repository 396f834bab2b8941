import type { Field } from '../kubernetes/field.ts';
import { readBackend } from './backend.ts';
import { grpcMatches, httpMatches } from './matches.ts';
import { policyOf } from './policy.ts';
import type { Reading } from './reading.ts';
import type { RouteKind, RouteRule } from './types.ts';

const fieldsOf: Readonly<Record<RouteKind, readonly string[]>> = {
  HTTPRoute: ['name', 'matches', 'filters', 'backendRefs', 'timeouts', 'retry', 'sessionPersistence'],
  GRPCRoute: ['name', 'matches', 'filters', 'backendRefs', 'sessionPersistence'],
  TCPRoute: ['name', 'backendRefs'],
  UDPRoute: ['name', 'backendRefs'],
};

/** `namespace`: that of the route. */
export function readRule(rule: Field, kind: RouteKind, namespace: string, reading: Reading): RouteRule {
  const strange = reading.hasUnknown('SMI4702', rule, fieldsOf[kind], 'requests that the rule takes fail');
  const { policy, fails } = policyOf(rule, namespace, reading);
  return {
    path: rule.path,
    matches: matchesOf(rule, kind, reading),
    backends: rule
      .at('backendRefs')
      .items()
      .map((item) => readBackend(item, namespace, reading)),
    fails: strange || fails,
    policy,
  };
}

function matchesOf(rule: Field, kind: RouteKind, reading: Reading): RouteRule['matches'] {
  if (kind === 'HTTPRoute') return httpMatches(rule, reading);
  return kind === 'GRPCRoute' ? grpcMatches(rule, reading) : [{ match: 'any', path: rule.path, rank: [0] }];
}
