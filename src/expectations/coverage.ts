import { describeObject, type Origin } from '../diagnostics/origin.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { Grant, MeshModel } from '../model/types.ts';
import type { Coverage, CoverageItem } from './types.ts';

interface Coverable extends CoverageItem {
  readonly isUsed: (used: Used) => boolean;
}

/** What a set of requests made use of. */
interface Used {
  /** `NAMESPACE/SERVICE:PORT RULE`. */
  readonly routes: ReadonlySet<string>;
  /** By grant: the fields that took part. */
  readonly grants: ReadonlyMap<string, ReadonlySet<string>>;
}

/** The rules of splits and targets that no request makes use of: outbound rules, and grants with their sources and matches. */
export function coverageOf(model: MeshModel, explanations: readonly Explanation[]): Coverage {
  const used = usedBy(explanations);
  const items = [...outboundItems(model), ...grantItems(model)];
  const missed = items.filter((item) => !item.isUsed(used)).map(({ kind, name, origins }) => ({ kind, name, origins }));
  const percent = items.length === 0 ? 100 : ((items.length - missed.length) / items.length) * 100;
  return { total: items.length, missed, percent };
}

function usedBy(explanations: readonly Explanation[]): Used {
  const routes = new Set<string>();
  const grants = new Map<string, Set<string>>();
  for (const { to, route, backends } of explanations) {
    if (route !== undefined) routes.add(`${to.service}:${to.port} ${route.index}`);
    for (const { rule, origins } of backends.flatMap(({ servers }) => servers.flatMap((server) => server.grants))) {
      const fields = grants.get(rule) ?? new Set();
      for (const origin of origins) fields.add(fieldKey(origin));
      grants.set(rule, fields);
    }
  }
  return { routes, grants };
}

function fieldKey({ object, path }: Origin): string {
  return `${object} ${path}`;
}

function outboundItems(model: MeshModel): readonly Coverable[] {
  return Object.values(model.outbound).flatMap(({ service, ports }) =>
    Object.values(ports).flatMap(({ port, rules }) =>
      rules.flatMap((rule, index): readonly Coverable[] => {
        const [first] = rule.origins;
        // Without a split there is nothing that an author wrote.
        if (first === undefined) return [];
        const origins = rule.match === 'any' ? rule.origins : [...rule.origins, ...rule.match.origins];
        const name = `${describeObject(first.object)}, rule ${index + 1} of ${rules.length} for ${service}:${port}`;
        return [
          { kind: 'outbound rule', name, origins, isUsed: ({ routes }) => routes.has(`${service}:${port} ${index}`) },
        ];
      }),
    ),
  );
}

function grantItems(model: MeshModel): readonly Coverable[] {
  const grants = new Map<string, Grant[]>();
  for (const { grants: own } of Object.values(model.inbound)) {
    for (const grant of own) grants.set(grant.rule, [...(grants.get(grant.rule) ?? []), grant]);
  }
  return [...grants.values()].flatMap((same) => distinct(same.flatMap(partsOf)));
}

function partsOf(grant: Grant): readonly Coverable[] {
  const { rule } = grant;
  const title = `TrafficTarget ${rule}`;
  const part = (kind: CoverageItem['kind'], name: string, origins: readonly Origin[]): Coverable => ({
    kind,
    name,
    origins,
    isUsed: ({ grants }) => origins.every((origin) => grants.get(rule)?.has(fieldKey(origin)) === true),
  });
  return [
    part('grant', title, grant.origins),
    ...grant.from.map(({ spiffe, origins }) => part('source', `${title}: ${spiffe}`, origins)),
    ...grant.to.map(({ origins, http }) => {
      const fields = http === 'any' ? origins : [...origins, ...http.origins];
      return part('match', `${title}: ${fields.map(({ path }) => path).join(', ')}`, fields);
    }),
  ];
}

/** One target can open several sets of pods, each with the same parts. */
function distinct(items: readonly Coverable[]): readonly Coverable[] {
  return [...new Map(items.map((item) => [`${item.kind} ${item.name}`, item])).values()];
}
