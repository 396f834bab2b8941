import type { MeshModel, OutboundRule, PortPolicy, Service } from '../../../src/model/types.ts';
import type { LossList } from './losses.ts';
import type { RouteStyle } from './style.ts';

/** The rules that the clients of a namespace meet. */
interface View {
  readonly namespace: string;
  readonly rules: readonly OutboundRule[];
}

/**
 * Rules for some namespaces are routes of these namespaces (consumer routes), which replace what the Service's own namespace says
 * to everybody else. Of finer sources the API knows none.
 */
export function viewsOf(
  model: MeshModel,
  service: Service,
  { rules, protocol }: PortPolicy,
  { consumerFlows }: RouteStyle,
  losses: LossList,
): readonly View[] {
  if (rules.every(({ from }) => from === 'any')) return [{ namespace: service.namespace, rules }];
  const kept = rules.filter(({ from, match, origins }) => {
    const sayable = protocol === 'http' || consumerFlows;
    if (from === 'any' || (sayable && from.some((source) => !source.includes('/')))) return true;
    const text = `no route is for ${from.join(', ')} alone: their traffic goes by the rules behind`;
    losses.add({
      feature: 'client-rules',
      kind: 'dropped',
      text,
      origins: [...origins, ...(match === 'any' ? [] : match.origins)],
    });
    return false;
  });
  const own = applicable(kept, service.namespace);
  const others = [...new Set(Object.values(model.workloads).map(({ namespace }) => namespace as string))].sort();
  return [
    { namespace: service.namespace, rules: own },
    ...others.flatMap((namespace) => {
      const theirs = applicable(kept, namespace);
      const same = theirs.length === own.length && theirs.every((rule, index) => rule === own[index]);
      return namespace === service.namespace || same ? [] : [{ namespace, rules: theirs }];
    }),
  ];
}

function applicable(rules: readonly OutboundRule[], namespace: string): readonly OutboundRule[] {
  return rules.filter(({ from }) => from === 'any' || from.some((source) => source === namespace));
}
