import { type PolicyCase, policyCases } from '../../../src/adapter/policy-cases.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { idempotentMethods } from '../../../src/lib/http-methods.ts';
import type { PolicyLayer, RequestPolicy } from '../../../src/model/policy.ts';
import { requestLayersOf } from '../../../src/model/policy-fields.ts';
import type { HttpMatch, MeshModel, OutboundRule } from '../../../src/model/types.ts';
import { type BackendContext, backendRefs } from './backends.ts';
import type { Condition } from './condition.ts';
import { conditionsOf, isMethodOfApi, type MatchContext } from './matches.ts';
import { policyParts, retriedMethods, retryOf, withoutRetry } from './policies.ts';
import { both, type Entry } from './precedence.ts';
import { sessionPersistence } from './sessions.ts';

/** HTTPRouteRule without its matches, and where it comes from. */
export interface HttpAction {
  readonly rule: Readonly<Record<string, unknown>>;
  readonly origins: readonly Origin[];
}

export interface HttpContext extends MatchContext, BackendContext {
  /** Only gRPC calls are for this port. */
  readonly calls: boolean;
}

type Layer = PolicyLayer<RequestPolicy>;

/** What the rules and policies of a port say, each with one condition; the first that matches counts. */
export function httpEntries(
  model: MeshModel,
  rules: readonly OutboundRule[],
  layers: readonly Layer[],
  context: HttpContext,
): readonly Entry<HttpAction>[] {
  const all = rules.findIndex(({ match }) => match === 'any');
  const reached = all < 0 ? rules : rules.slice(0, all + 1);
  const entries = ofRules(answered(reached));
  // With no rule at all the Service would be itself.
  return entries.length > 0 ? entries : ofRules(reached);

  function ofRules(list: readonly OutboundRule[]): readonly Entry<HttpAction>[] {
    return list.flatMap((rule) => {
      const cases = policyCases(requestLayersOf(rule, layers).flatMap(sayable));
      const conditions = conditionsOf(rule.match, context);
      return cases.flatMap((each) => {
        const covered = coveredBy(conditions, each, context);
        return covered.length === 0 ? [] : entriesOf(model, rule, covered, each, context);
      });
    });
  }
}

/** Without the last rules that answer 404, which is what no rule at all is answered. */
function answered(rules: readonly OutboundRule[]): readonly OutboundRule[] {
  const last = rules.findLastIndex(({ to }) => to.kind !== 'fail' || to.status !== 404);
  return rules.slice(0, last + 1);
}

/** A layer with those of its fields that a rule can say. */
function sayable(layer: Layer): readonly Layer[] {
  const { timeouts, retries, mirror, headers } = layer.fields;
  const fields = {
    ...(timeouts === undefined ? {} : { timeouts }),
    ...(retries === undefined ? {} : { retries }),
    ...(mirror === undefined ? {} : { mirror }),
    ...(headers === undefined ? {} : { headers }),
  };
  return Object.keys(fields).length === 0 ? [] : [{ ...layer, fields }];
}

/** The conditions as far as a combination of policies is about them. */
function coveredBy(
  conditions: readonly Condition[],
  { matches, covering, originsOf }: PolicyCase,
  context: HttpContext,
): readonly Condition[] {
  let covered = conditions;
  for (const [index, list] of matches.entries()) {
    covered = covered.flatMap((condition) =>
      list.flatMap((match) => conditionsOf(match, context).flatMap((asked) => joined(condition, asked, match, index))),
    );
  }
  return covered;

  function joined(condition: Condition, asked: Condition, match: HttpMatch, index: number): readonly Condition[] {
    const found = both(condition, asked);
    if (found === 'never') return [];
    if (found !== undefined) return [found];
    context.losses.add({
      feature: 'split-with-matches',
      kind: 'changed',
      text:
        `${covering[index] ?? 'a policy'} does not hold for what both ${condition.path.value} and ${asked.path.value} take: ` +
        'no match asks for two expressions of one thing',
      origins: [...match.origins, ...originsOf()],
    });
    return [];
  }
}

function entriesOf(
  model: MeshModel,
  { to, match, origins }: OutboundRule,
  conditions: readonly Condition[],
  policy: PolicyCase,
  context: HttpContext,
): readonly Entry<HttpAction>[] {
  const backends = backendRefs(to, context);
  if (to.kind === 'fail' && to.status !== 500) {
    const text = `requests that can be given to no backend are answered 500, not ${to.status ?? 503}`;
    context.losses.add({ feature: 'failed-distribution', kind: 'changed', text, origins });
  }
  const rule = {
    ...policyParts(policy, context),
    ...(backends.length === 0 ? {} : { backendRefs: backends }),
    ...(context.style.channel === 'experimental' ? sessionPersistence(model, to, context) : {}),
  };
  const targets = to.kind === 'weighted' ? to.targets.flatMap((target) => target.origins) : [];
  const asked = match === 'any' ? [] : match.origins;
  const covering = policy.matches.flat().flatMap((each) => each.origins);
  const from = [...origins, ...targets, ...asked, ...policy.originsOf(), ...covering];
  const plain = entry(withoutRetry(rule, policy, context), from);
  const retry = retryOf(policy, context);
  if (retry === undefined) return conditions.map(plain);
  const retrying = entry({ ...rule, retry }, from);
  if (retry.attempts === 0) return conditions.map(retrying);
  const methods = retriedMethods(policy.policy.retries ?? {}, idempotentMethods).filter(isMethodOfApi);
  return conditions.flatMap((condition) => {
    const { method } = condition;
    if (method !== undefined) return [methods.includes(method) ? retrying(condition) : plain(condition)];
    return [...methods.map((name) => retrying({ ...condition, method: name })), plain(condition)];
  });
}

function entry(rule: HttpAction['rule'], origins: readonly Origin[]): (condition: Condition) => Entry<HttpAction> {
  const key = JSON.stringify(rule);
  return (condition) => ({ condition, action: { rule, origins }, key });
}
