import type { Service, ServicePort, Workload } from '../../../src/model/types.ts';
import { type Route, routeKinds } from './documents.ts';
import { holds, type SeenRequest } from './matches.ts';
import type { Candidate } from './precedence.ts';

/** The routes whose parent is a port of a Service, of kinds that are for its protocol. */
export function attachedTo(routes: readonly Route[], service: Service, port: ServicePort): readonly Route[] {
  const usable = routeKinds.filter((kind) => (kind === 'UDPRoute') === (port.protocol === 'udp'));
  return routes.filter(
    ({ kind, parents }) =>
      usable.includes(kind) &&
      (port.protocol === 'http' || kind === 'UDPRoute' || kind === 'TCPRoute' || kind === 'TLSRoute') &&
      parents.some(
        (parent) =>
          parent.namespace === service.namespace &&
          parent.name === service.name &&
          (parent.port === undefined || parent.port === port.port) &&
          (parent.section === undefined || parent.section === port.name),
      ),
  );
}

/**
 * Of attached routes those that count for a client: those of its own namespace for a Service of another one (consumer routes), else
 * those of the Service's namespace; of several kinds the most specific.
 */
export function countingFor(client: Workload, service: Service, attached: readonly Route[]): readonly Route[] {
  const consumers = attached.filter(({ namespace }) => namespace === client.namespace);
  const producers = attached.filter(({ namespace }) => namespace === service.namespace);
  const counting = consumers.length > 0 ? consumers : producers;
  const kind = routeKinds.find((each) => counting.some((route) => route.kind === each));
  return counting.filter((route) => route.kind === kind);
}

/** Of every match that holds the one with precedence; connections hold for all. */
export function winner(
  routes: readonly Route[],
  http: SeenRequest | undefined,
  order: (a: Candidate, b: Candidate) => number,
): Candidate | undefined {
  const candidates = routes.flatMap((route) =>
    route.rules.flatMap((rule, index) =>
      rule.matches
        .filter((match) => http === undefined || holds(match, http))
        .map((match) => ({ route, rule, index, match })),
    ),
  );
  return candidates.sort(order)[0];
}
