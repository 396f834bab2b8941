import { type ResourcePlural, resourceKinds, type TrafficParty, type TrafficResource } from './contract.ts';

/** The resources of a kind that one end of some traffic counts for; a pod that several Services select counts for each. */
export function resourcesOf(party: TrafficParty, by: ResourcePlural): readonly TrafficResource[] {
  const kind = resourceKinds[by];
  const { namespace, node, pod, owners = [], services = [] } = party;
  switch (by) {
    case 'namespaces':
      return namespace === undefined ? [] : [{ kind, name: namespace }];
    case 'nodes':
      return node === undefined ? [] : [{ kind, name: node }];
    case 'trafficsplits':
      return [];
    default:
      break;
  }
  if (namespace === undefined) return [];
  if (by === 'pods') return pod === undefined ? [] : [{ kind, namespace, name: pod }];
  const names = by === 'services' ? services : owners.flatMap((owner) => (owner.kind === kind ? [owner.name] : []));
  return names.map((name) => ({ kind, namespace, name }));
}
