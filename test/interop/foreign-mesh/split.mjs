import { groupMatches } from './access.mjs';
import { find } from './resources.mjs';

/** The Service to which TrafficSplits send what is for a port of another; nothing where no backend is left. */
export function backendOf(resources, service, port, request, faults) {
  const { namespace, name } = service.metadata;
  const splits = (resources.TrafficSplit ?? [])
    .filter(({ metadata, spec }) => metadata.namespace === namespace && spec.service === name)
    .sort((one, other) => Number(other.spec.matches !== undefined) - Number(one.spec.matches !== undefined));
  const split = splits.find(({ spec }) => governs(resources, namespace, spec.matches, request, faults));
  if (split === undefined) return service;
  const backends = split.spec.backends.flatMap((backend) => {
    const found = find(resources, 'Service', namespace, backend.service);
    return found?.spec.ports.some((each) => each.port === port) ? [{ service: found, weight: backend.weight }] : [];
  });
  return drawn(faults.has('weights-are-rounded') ? inPercent(backends) : backends);
}

function governs(resources, namespace, matches, request, faults) {
  if (matches === undefined || faults.has('split-matches-ignored')) return true;
  if (request === undefined) return false;
  return matches.some(({ name }) =>
    groupMatches(find(resources, 'HTTPRouteGroup', namespace, name), undefined, request, faults),
  );
}

function drawn(backends) {
  const total = sumOf(backends);
  let left = Math.random() * total;
  return backends.find(({ weight }) => {
    left -= weight;
    return left < 0;
  })?.service;
}

function inPercent(backends) {
  const total = sumOf(backends);
  const rounded = backends.map((each) => ({ ...each, weight: Math.round((each.weight * 100) / total) }));
  const last = rounded.at(-1);
  if (last !== undefined) last.weight = 100 - sumOf(rounded.slice(0, -1));
  return rounded;
}

function sumOf(backends) {
  return backends.reduce((sum, { weight }) => sum + weight, 0);
}
