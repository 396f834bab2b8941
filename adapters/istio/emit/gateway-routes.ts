import type { Artifact, EmitContext, MeshModel, PortPolicy, Service } from '../../../src/adapter/index.ts';
import { policyUses } from '../../../src/adapter/policy-uses.ts';
import { allRequestLayers } from '../../../src/model/policy-fields.ts';
import { kinds } from '../../gateway-api/emit/objects.ts';
import { portRoutes } from '../../gateway-api/emit/port-routes.ts';
import type { RouteStyle } from '../../gateway-api/emit/style.ts';
import type { IstioOptions } from '../options.ts';
import { support } from '../support.ts';
import { furtherHosts } from './destinations.ts';
import { envoyText } from './route-policy.ts';

type Context = EmitContext<IstioOptions>;

/** Of the routes of Gateway API, Istio has none for datagrams. */
export const routeKinds = kinds.filter(({ kind }) => kind !== 'UDPRoute');

/** Istio has names beyond the cluster's DNS by ServiceEntry, and takes them for parents of routes. */
const entry = { group: 'networking.istio.io', kind: 'ServiceEntry' };

/** Where requests to a service go, by routes of Gateway API that Istio reads for traffic in the mesh. */
export function gatewayRoutes(model: MeshModel, service: Service, { options, report }: Context): readonly Artifact[] {
  const style = styleOf(options);
  return Object.values(model.outbound[service.id]?.ports ?? {}).flatMap((port) => {
    if (port.protocol === 'udp') return [];
    reportUnsaid(service, port, report);
    const beside = port.protocol === 'http' && furtherHosts(service).length > 0 ? [entry] : [];
    const { artifacts, losses } = portRoutes(model, service, port, style, beside);
    for (const loss of losses) report?.(loss);
    return artifacts;
  });
}

/** As istiod reads the API (1.32). Sessions it leaves out: DestinationRules have them. */
function styleOf({ grpc }: IstioOptions): RouteStyle {
  return {
    ...{ channel: 'standard', grpc, regex: 're2' },
    retriedAnyhow: ['connectFailure', 'grpcUnavailable', 'grpcCancelled'],
    // There it would be the limit of the whole request.
    tryWithoutRetry: false,
    headerText: envoyText,
    // TCPRoutes of whatever namespace are in force for the clients of all.
    consumerFlows: false,
  };
}

/** What policies ask for that no route says: faults, and whatever is about a name outside, to which no route may be attached. */
function reportUnsaid({ id, externalName }: Service, port: PortPolicy, report: Context['report']): void {
  const uses = policyUses(allRequestLayers(port)).filter(
    ({ feature }) => feature === 'fault-injection' || (externalName !== undefined && support[feature].level !== 'none'),
  );
  for (const [feature, found] of Map.groupBy(uses, (use) => use.feature)) {
    const text = `requests to ${id} go on without: no route of Gateway API can say it`;
    report?.({ feature, kind: 'dropped', text, origins: found.flatMap(({ origins }) => origins) });
  }
}
