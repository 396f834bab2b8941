import { type ResourceKind, type ResourceSet, resourceKinds } from '../config/resources.ts';

export type Names = Readonly<Record<ResourceKind, ReadonlySet<string>>>;

/** What a node needs by what it has: its workload, what that names, and what those name. */
export function wantedNames(node: string, resources: ResourceSet): Names {
  const workload = resources.get('Workload', node);
  const services = new Set(workload?.outbound.flatMap((listener) => listener.services));
  const endpoints = new Set<string>();
  for (const name of services) {
    const { rules, policies } = resources.get('OutboundService', name) ?? { rules: [], policies: [] };
    for (const target of rules.flatMap((rule) => rule.weighted?.targets ?? [])) endpoints.add(target.endpoints);
    for (const { mirror } of [...rules.flatMap(({ policy }) => policy ?? []), ...policies]) {
      if (mirror !== null) endpoints.add(mirror.endpoints);
    }
  }
  return {
    Workload: new Set([node]),
    Secret: optional(workload?.identity),
    InboundPolicy: optional(workload?.inboundPolicy),
    OutboundService: services,
    Endpoints: endpoints,
  };
}

function optional(name: string | undefined): ReadonlySet<string> {
  return new Set(name === undefined || name === '' ? [] : [name]);
}

/** Whether everything that is wanted is there or known not to exist. */
export function isComplete(wanted: Names, resources: ResourceSet, absent: ReadonlySet<string>): boolean {
  return resourceKinds.every((kind) =>
    [...wanted[kind]].every((name) => resources.get(kind, name) !== undefined || absent.has(`${kind} ${name}`)),
  );
}

/** The resources that are still wanted. */
export function pruned(wanted: Names, resources: ResourceSet): ResourceSet {
  return resources.with(
    [],
    resources.all().filter(({ kind, name }) => !wanted[kind].has(name)),
  );
}
