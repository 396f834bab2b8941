import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { fieldOf, idOf, type LintSubject } from '../subject.ts';

/** Routes and bindings that nothing names. */
export function* unusedRoutes({ input }: LintSubject): Iterable<Diagnostic> {
  const named = new Set<string>();
  for (const { meta, rules, sources, destination } of input.targets) {
    for (const { kind, name } of rules) named.add(`${kind} ${meta.namespace}/${name}`);
    for (const { kind, name, namespace = meta.namespace } of [destination, ...sources])
      named.add(`${kind} ${namespace}/${name}`);
  }
  for (const { meta, matches = [] } of [...input.splits, ...(input.policies ?? [])]) {
    for (const { kind, name } of matches) named.add(`${kind} ${meta.namespace}/${name}`);
  }
  const kinds = {
    HTTPRouteGroup: input.routeGroups,
    TCPRoute: input.tcpRoutes,
    UDPRoute: input.udpRoutes ?? [],
    IdentityBinding: input.identityBindings ?? [],
  };
  for (const [kind, objects] of Object.entries(kinds)) {
    for (const object of objects) {
      if (named.has(`${kind} ${idOf(object)}`)) continue;
      const message = `nothing refers to ${kind} ${idOf(object)}`;
      yield diagnostic('SMI4507', { message, origin: fieldOf(object) });
    }
  }
}
