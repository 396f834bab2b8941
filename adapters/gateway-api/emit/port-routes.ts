import type { Artifact, Loss } from '../../../src/adapter/contract.ts';
import { findPort, transportOf } from '../../../src/model/ports.ts';
import type { MeshModel, PortPolicy, Service } from '../../../src/model/types.ts';
import { isForCalls } from './calls.ts';
import { flowRoutes } from './flows.ts';
import { httpRoutes } from './http.ts';
import { LossList } from './losses.ts';
import type { ParentKind } from './objects.ts';
import { References } from './references.ts';
import type { RouteStyle } from './style.ts';
import { viewsOf } from './views.ts';

export interface PortRoutes {
  readonly artifacts: readonly Artifact[];
  readonly losses: Iterable<Loss>;
}

/**
 * The routes of a port of a Service, for all clients and for those of namespaces that have their own. `beside`: objects of the
 * Service's name that are names of it, too, so that routes are attached to them in any case.
 */
export function portRoutes(
  model: MeshModel,
  service: Service,
  policy: PortPolicy,
  style: RouteStyle,
  beside: readonly ParentKind[] = [],
): PortRoutes {
  const losses = new LossList();
  const { port: number, protocol } = policy;
  const port = findPort(service.ports, number, transportOf(protocol));
  // Routes may neither be attached to an ExternalName Service nor lead to one.
  if (port === undefined || service.externalName !== undefined) return { artifacts: [], losses };
  const artifacts = viewsOf(model, service, policy, style, losses).flatMap(({ namespace: home, rules }) => {
    const at = { service, port: number, namespace: home, beside };
    const self = { service: service.id, port: number };
    const calls = style.grpc === 'GRPCRoute' && isForCalls(port);
    const parts = { self, references: new References(home), losses, style, calls };
    return protocol === 'http' ? httpRoutes(model, at, rules, policy, parts) : flowRoutes(at, rules, policy, parts);
  });
  return { artifacts, losses };
}
