import { canonicalJson } from '../../model/canonical.ts';
import type { MeshModel, OutboundRule } from '../../model/types.ts';

/** The model without the rules that no request comes to, since an earlier one takes all that they are about. */
export function withoutUnasked(model: MeshModel): MeshModel {
  const outbound = Object.entries(model.outbound).map(([id, policy]) => {
    const ports = Object.entries(policy.ports).map(([key, port]) => [key, { ...port, rules: asked(port.rules) }]);
    return [id, { ...policy, ports: Object.fromEntries(ports) }];
  });
  return { ...model, outbound: Object.fromEntries(outbound) };
}

function asked(rules: readonly OutboundRule[]): readonly OutboundRule[] {
  return rules.filter((rule, index) => !rules.slice(0, index).some((earlier) => takesAll(earlier, rule)));
}

function takesAll(earlier: OutboundRule, rule: OutboundRule): boolean {
  const isForAll = earlier.from === 'any' || canonicalJson(earlier.from) === canonicalJson(rule.from);
  return isForAll && (earlier.match === 'any' || canonicalJson(earlier.match) === canonicalJson(rule.match));
}
