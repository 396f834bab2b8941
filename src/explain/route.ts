import type { Decision } from '../model/decision.ts';
import type { MatchedRequest } from '../model/match.ts';
import type { MeshModel, OutboundRule } from '../model/types.ts';
import { type Difference, matchDifferences } from './differences.ts';
import type { Route } from './explanation.ts';

/** The rule that a decision rests on, and why those before it do not apply; `port` is the port's key. */
export function explainRoute(
  model: MeshModel,
  decision: Decision,
  port: string,
  http: MatchedRequest | undefined,
): Route | undefined {
  const { rule, service } = decision;
  if (rule === undefined || service === undefined) return undefined;
  const rules = model.outbound[service]?.ports[port]?.rules ?? [];
  const passedOver = rules.slice(0, rule.index).map((earlier, index) => {
    return { index, differences: whyNot(earlier, http), origins: earlier.origins };
  });
  return { index: rule.index, rules: rules.length, match: rule.match, origins: rule.origins, passedOver };
}

function whyNot({ match, from }: OutboundRule, http: MatchedRequest | undefined): readonly Difference[] {
  if (http !== undefined) {
    const differences = matchDifferences(match, http);
    if (differences.length > 0) return differences;
  } else if (match !== 'any') {
    return [
      { part: 'port', text: 'the rule is about HTTP requests, and this port carries bytes', origins: match.origins },
    ];
  }
  const clients = from === 'any' ? 'nobody' : from.join(', ');
  return [{ part: 'source', text: `the rule is for other clients (${clients})`, origins: [] }];
}
