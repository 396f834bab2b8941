import type { Artifact } from '../../../src/adapter/contract.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import type { MeshModel, OutboundRule, PortPolicy } from '../../../src/model/types.ts';
import { callEntries, writtenCall } from './calls.ts';
import type { Condition } from './condition.ts';
import { type HttpAction, type HttpContext, httpEntries } from './http-entries.ts';
import { type Attachment, referenceGrants, routeOf } from './objects.ts';
import { arrange, type Entry } from './precedence.ts';

const maxRules = 16;
const maxMatchesOfRule = 64;
const maxMatchesOfRoute = 128;

/**
 * The HTTPRoutes of a port for the clients of one kind of namespace, or GRPCRoutes where they are asked for and can say the same of
 * calls, and the grants that they need.
 */
export function httpRoutes(
  model: MeshModel,
  at: Attachment,
  rules: readonly OutboundRule[],
  { policies }: PortPolicy,
  context: HttpContext,
): readonly Artifact[] {
  const all = httpEntries(model, rules, policies ?? [], context);
  const calls = context.calls ? callEntries(all) : undefined;
  const kind = calls === undefined ? 'HTTPRoute' : 'GRPCRoute';
  if (calls !== undefined) {
    const text = `what is sent to port ${at.port} of ${at.service.id} and is no gRPC call is taken by no route`;
    context.losses.add({ feature: 'http-routing', kind: 'changed', text, origins: at.service.origins });
  }
  const entries = calls ?? all;
  const arranged = arrange(entries) ?? unarranged(entries, rules, context);
  const { references, self } = context;
  const isUntouched = ({ key }: Entry<HttpAction>) =>
    key === JSON.stringify({ backendRefs: [references.to(self.service, self.port)] });
  if (at.namespace === at.service.namespace && at.beside.length === 0 && arranged.every(isUntouched)) return [];
  const routes = packed(rulesOf(arranged));
  const match = calls === undefined ? writtenMatch : writtenCall;
  const artifacts = routes.map((route, index) =>
    routeOf(
      kind,
      at,
      index,
      route.map(({ rule, matches }) => ({ matches: matches.map(match), ...rule })),
      [...at.service.origins, ...route.flatMap(({ origins }) => origins)],
    ),
  );
  return [...artifacts, ...referenceGrants(kind, at, references, at.service.origins)];
}

/** Too many conditions to put in the API's own order. */
function unarranged(
  entries: readonly Entry<HttpAction>[],
  rules: readonly OutboundRule[],
  { losses }: HttpContext,
): readonly Entry<HttpAction>[] {
  losses.add({
    feature: 'split-with-matches',
    kind: 'changed',
    text: 'the matches cannot be arranged so that the precedence of the API is their order: a more specific one of a later split may come first',
    origins: rules.flatMap(({ origins }) => origins),
  });
  return entries;
}

interface Rule {
  readonly rule: HttpAction['rule'];
  readonly matches: readonly Condition[];
  readonly origins: readonly Origin[];
}

/** Neighbours that do the same become one rule, as far as it goes. */
function rulesOf(entries: readonly Entry<HttpAction>[]): readonly Rule[] {
  const rules: { key: string; rule: HttpAction['rule']; matches: Condition[]; origins: Origin[] }[] = [];
  for (const { condition, action, key } of entries) {
    const last = rules.at(-1);
    if (last?.key === key && last.matches.length < maxMatchesOfRule) {
      last.matches.push(condition);
      last.origins.push(...action.origins);
    } else rules.push({ key, rule: action.rule, matches: [condition], origins: [...action.origins] });
  }
  return rules;
}

function packed(rules: readonly Rule[]): readonly (readonly Rule[])[] {
  const routes: Rule[][] = [];
  let matches = 0;
  for (const rule of rules) {
    const last = routes.at(-1);
    const fits = last !== undefined && last.length < maxRules && matches + rule.matches.length <= maxMatchesOfRoute;
    if (fits) last.push(rule);
    else routes.push([rule]);
    matches = fits ? matches + rule.matches.length : rule.matches.length;
  }
  return routes;
}

function writtenMatch({ path, method, headers }: Condition): unknown {
  return {
    path,
    ...(method === undefined ? {} : { method }),
    ...(headers.length === 0 ? {} : { headers }),
  };
}
