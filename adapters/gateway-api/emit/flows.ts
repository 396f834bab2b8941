import type { Artifact } from '../../../src/adapter/contract.ts';
import type { OutboundRule, PortPolicy } from '../../../src/model/types.ts';
import { type BackendContext, backendRefs } from './backends.ts';
import { type Attachment, referenceGrants, routeOf } from './objects.ts';

/** The TCPRoute or UDPRoute of a port: matches are for HTTP, so that one rule is left. */
export function flowRoutes(
  at: Attachment,
  rules: readonly OutboundRule[],
  { protocol }: PortPolicy,
  context: BackendContext,
): readonly Artifact[] {
  const rule = rules.find(({ match }) => match === 'any');
  if (rule === undefined || (rule.to.kind === 'self' && at.namespace === at.service.namespace)) return [];
  const { references, self } = context;
  const refs = backendRefs(rule.to, context);
  // These routes must name a backend: one that gets nothing has connections refused and datagrams dropped.
  const nobody = { ...references.to(self.service, self.port), weight: 0 };
  const kind = protocol === 'udp' ? 'UDPRoute' : 'TCPRoute';
  const targets = rule.to.kind === 'weighted' ? rule.to.targets.flatMap(({ origins }) => origins) : [];
  const origins = [...at.service.origins, ...rule.origins, ...targets];
  const route = routeOf(kind, at, 0, [{ backendRefs: refs.length === 0 ? [nobody] : refs }], origins);
  return [route, ...referenceGrants(kind, at, references, at.service.origins)];
}
