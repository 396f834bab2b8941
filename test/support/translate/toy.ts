import {
  contractVersion,
  type Loss,
  type Support,
  type SupportTable,
  type Translator,
  type UnitId,
} from '../../../src/adapter/contract.ts';
import { features } from '../../../src/adapter/features.ts';
import { diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { err, ok } from '../../../src/lib/result.ts';
import { isRecord } from '../../../src/lib/values.ts';
import type { OutboundRule, ServiceId, WeightedTarget } from '../../../src/model/types.ts';

interface ToyOptions {
  /** `elsewhere`: somebody else keeps people out. */
  readonly access: 'toy' | 'elsewhere';
}

const reported = (how: string): Support => ({ level: 'approximate', how, reported: true });

const support = {
  ...Object.fromEntries(features.map((feature) => [feature, { level: 'exact' }])),
  'weighted-split': reported('percents are whole'),
  'split-with-matches': reported('rules with matches are left out'),
  mirroring: { level: 'none', why: 'it has no mirrors' },
} as SupportTable;

/** A target whose weights add up to 100, which knows no matches and keeps nobody out. */
export const toyTranslator: Translator<ToyOptions> = {
  contract: contractVersion,
  id: 'toy',
  support,
  parseOptions(input) {
    const unknown = isRecord(input) ? Object.keys(input).find((key) => key !== 'access') : 'of no record';
    if (unknown !== undefined) {
      return err([diagnostic('SMI5003', { message: `toy option ${unknown} is not known` })]);
    }
    return ok({ access: isRecord(input) && input.access === 'elsewhere' ? 'elsewhere' : 'toy' });
  },
  refuse(model, { access }) {
    const grants = Object.values(model.inbound).flatMap((policy) => policy.grants);
    const [first] = grants;
    if (access === 'elsewhere' || first === undefined) return [];
    const [origin] = first.origins;
    const message = 'toy cannot keep anyone out, and the mesh has grants';
    return [diagnostic('SMI5004', { message, ...(origin === undefined ? {} : { origin }) })];
  },
  units: (model) => Object.keys(model.services).map((id) => `route/${id}` as UnitId),
  emitUnit(model, unit, { report }) {
    const id = unit.slice('route/'.length) as ServiceId;
    const policy = model.outbound[id];
    if (policy === undefined) return [];
    return Object.values(policy.ports).map(({ port, rules }) => {
      const rule = rules.at(-1) as OutboundRule;
      for (const left of rules.slice(0, -1)) {
        const text = 'requests that match are treated as those that do not';
        report?.({ feature: 'split-with-matches', kind: 'dropped', text, origins: left.origins });
      }
      return {
        name: `${id}/${port}`,
        format: 'kubernetes',
        body: {
          apiVersion: 'toy.example/v1',
          kind: 'ToyRoute',
          metadata: { namespace: model.services[id]?.namespace, name: `${model.services[id]?.name}-${port}` },
          spec: { hosts: model.services[id]?.hosts, port, shares: sharesOf(rule, id, port, report) },
        },
        origins: [
          ...(model.services[id]?.origins ?? []),
          ...rule.origins,
          ...targetsOf(rule).flatMap((to) => to.origins),
        ],
      };
    });
  },
};

function sharesOf(rule: OutboundRule, self: ServiceId, port: number, report?: (loss: Loss) => void) {
  if (rule.to.kind === 'fail') return [];
  if (rule.to.kind === 'self') return [{ service: self, port, percent: 100 }];
  const targets = rule.to.targets;
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  const exact = targets.map(({ weight }) => (weight / total) * 100);
  const percents = exact.map(Math.floor);
  const missing = 100 - percents.reduce((sum, percent) => sum + percent, 0);
  for (let index = 0; index < missing; index++) percents[index] = (percents[index] ?? 0) + 1;
  if (missing > 0) {
    const text = `weights ${targets.map(({ weight }) => weight).join(':')} become percents ${percents.join(':')}`;
    report?.({ feature: 'weighted-split', kind: 'changed', text, origins: targets.flatMap(({ origins }) => origins) });
  }
  return targets.map((target, index) => ({ service: target.service, port: target.port, percent: percents[index] }));
}

function targetsOf({ to }: OutboundRule): readonly WeightedTarget[] {
  return to.kind === 'weighted' ? to.targets : [];
}
