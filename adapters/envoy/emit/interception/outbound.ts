import { shared } from '../../../../src/adapter/tracking.ts';
import type { ConnectionWay } from '../../../../src/lib/traffic-context.ts';
import type { MeshModel, Workload } from '../../../../src/model/types.ts';
import { emptyCluster, originalDestinationName, outboundName, parseClusterName } from '../../names.ts';
import type { EnvoyOptions, InterceptionPorts } from '../../options.ts';
import { inspection, matching } from '../admission.ts';
import { callerOf } from '../caller.ts';
import { clientRefusals } from '../client-access.ts';
import type { EmittedListener } from '../emitted.ts';
import { cidr, type Message, originMetadata } from '../message.ts';
import { outboundHttp } from '../outbound-http.ts';
import { settingsOf } from '../outbound-settings.ts';
import { counted, tcpPart } from '../outbound-tcp.ts';
import type { HttpRouting } from '../routes.ts';
import { connectionStream, outboundContext, refusalContext } from '../telemetry.ts';
import { tlsInspector } from '../tls.ts';
import { handOn, nowhere } from './connections.ts';
import { type Meant, type MeantAt, meantPorts } from './meant.ts';
import { anyAddress, interceptionOf } from './redirection.ts';
import { routingByAddress } from './requests.ts';
import { routesByName } from './routes.ts';

/**
 * What takes the connections of an intercepted workload: all are redirected to one listener, which hands each to the listener of the
 * port number that the program asked for.
 */
export function redirectedListeners(
  model: MeshModel,
  client: Workload,
  options: EnvoyOptions,
): readonly EmittedListener[] {
  const interception = interceptionOf(client, options);
  if (interception === undefined) return [];
  const own: readonly number[] = Object.values(interception);
  return [
    redirectionTarget(model, client, interception, options),
    ...meantPorts(model)
      .filter(({ number }) => !own.includes(number))
      .map((meant) => portListener(model, client, meant, options)),
  ];
}

function redirectionTarget(
  model: MeshModel,
  client: Workload,
  { outbound }: InterceptionPorts,
  options: EnvoyOptions,
): EmittedListener {
  const name = originalDestinationName(client.id, 'outbound');
  const own = connectionStream(options, refusalContext(client, 'outbound', 'proxy-port'));
  return {
    listener: {
      name,
      ...originMetadata(client.origins),
      ...anyAddress(client, outbound),
      trafficDirection: 'OUTBOUND',
      useOriginalDst: true,
      // Whoever asks for this very port would come back here without end.
      filterChains: [matching({ filters: [nowhere(name, own)] }, { destinationPort: outbound })],
      defaultFilterChain: { filters: [elsewhere(model, client, options)] },
    },
    routes: [],
    origins: [],
  };
}

/** What no Service has goes on to where it was going, or nowhere. */
function elsewhere({ settings }: MeshModel, client: Workload, options: EnvoyOptions): Message {
  const name = originalDestinationName(client.id, 'outbound');
  return settings.outboundMode === 'passthrough'
    ? handOn(name, name, connectionStream(options, outboundContext(client, wayTo('outside'))))
    : handOn(name, emptyCluster, connectionStream(options, refusalContext(client, 'outbound', 'not-in-mesh')));
}

/** Of a service port; `outside` is what it is. */
function serviceOf(destination: string): string {
  return destination.includes('/') ? parseClusterName(destination).service : destination;
}

/** Past all rules. */
function wayTo(destination: string): ConnectionWay {
  return { destination, route: '', split: '', backends: [serviceOf(destination)], denied: [] };
}

function portListener(model: MeshModel, client: Workload, at: MeantAt, options: EnvoyOptions): EmittedListener {
  const connections = connectionChains(model, client, at, options);
  const byAddress = routingByAddress(model, client, at, options);
  const byName = routesByName(model, client, at, options);
  const requests = (routing: HttpRouting): Message =>
    outboundHttp(routing, false, client, options, clientRefusals(model, callerOf(model, client)));
  const http = at.byAddress.filter(({ protocol, asIs }) => protocol === 'http' && asIs !== true);
  const chains = [
    ...connections.chains,
    ...(byAddress === undefined ? [] : [matching({ filters: [requests(byAddress)] }, ranges(http))]),
  ];
  return {
    listener: {
      name: outboundName(client.id, 'redirected', at.number),
      ...originMetadata(client.origins),
      ...anyAddress(client, at.number),
      bindToPort: false,
      trafficDirection: 'OUTBOUND',
      ...otherwise(chains, closing(model, client, at, options), byName && requests(byName)),
    },
    routes: byName === undefined ? [] : [byName.routes],
    origins: [...connections.origins, ...(byAddress?.origins ?? []), ...(byName?.origins ?? [])],
  };
}

/** Connections to addresses that nobody has may be requests for somebody; what does not speak HTTP in plain text is not. */
function otherwise(chains: readonly Message[], rest: readonly Message[], named: Message | undefined): Message {
  if (named === undefined) return { filterChains: chains, defaultFilterChain: { filters: rest } };
  return {
    listenerFilters: [tlsInspector],
    ...inspection,
    filterChains: [...chains, matching({ filters: rest }, { transportProtocol: 'tls' })],
    defaultFilterChain: { filters: [named] },
  };
}

/** Of connections that are not requests the address alone says which service is meant. */
function connectionChains(model: MeshModel, client: Workload, { number, byAddress }: MeantAt, options: EnvoyOptions) {
  const caller = callerOf(model, client);
  const parts = byAddress
    .filter(({ protocol, asIs }) => protocol === 'tcp' && asIs !== true)
    .flatMap((meant) => {
      const what = `redirected connections ${number} ${caller.key} ${meant.id}`;
      const found = shared(model, what, (whole) =>
        tcpPart(whole, meant.name, caller, settingsOf(whole, caller, meant)),
      );
      return found.map((part) => {
        const filters = [counted(part, client, options)];
        return { chain: matching({ filters }, ranges([meant])), origins: part.origins };
      });
    });
  const asIs = byAddress
    .filter((meant) => meant.asIs === true)
    .map((meant) => {
      const name = originalDestinationName(client.id, 'outbound');
      const logs = connectionStream(options, outboundContext(client, wayTo(meant.name)));
      return matching({ filters: [handOn(name, name, logs)] }, ranges([meant]));
    });
  return {
    chains: [...parts.map(({ chain }) => chain), ...asIs],
    origins: parts.flatMap(({ origins }) => origins),
  };
}

/** What becomes of bytes for addresses that nobody has. The only host outside that they may be for is known in any case. */
function closing(model: MeshModel, client: Workload, { byName }: MeantAt, options: EnvoyOptions): readonly Message[] {
  const [only, ...others] = byName.filter(({ protocol }) => protocol === 'tcp');
  const known = only !== undefined && others.length === 0 && model.settings.outboundMode === 'registry-only';
  const caller = callerOf(model, client);
  const [part] = known ? tcpPart(model, only.name, caller, settingsOf(model, caller)) : [];
  return [part === undefined ? elsewhere(model, client, options) : counted(part, client, options)];
}

function ranges(meant: readonly Meant[]): Message {
  return { prefixRanges: meant.flatMap(({ addresses }) => addresses.map(cidr)) };
}
