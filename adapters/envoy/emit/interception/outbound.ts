import { shared } from '../../../../src/adapter/tracking.ts';
import type { MeshModel, Workload } from '../../../../src/model/types.ts';
import { emptyCluster, originalDestinationName, outboundName } from '../../names.ts';
import type { EnvoyOptions, InterceptionPorts } from '../../options.ts';
import { inspection, matching } from '../admission.ts';
import { callerOf } from '../caller.ts';
import { clientRefusals } from '../client-access.ts';
import type { EmittedListener } from '../emitted.ts';
import { cidr, type Message, originMetadata } from '../message.ts';
import { outboundHttp } from '../outbound-http.ts';
import { settingsOf } from '../outbound-settings.ts';
import { tcpPart } from '../outbound-tcp.ts';
import type { HttpRouting } from '../routes.ts';
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
    redirectionTarget(model, client, interception),
    ...meantPorts(model)
      .filter(({ number }) => !own.includes(number))
      .map((meant) => portListener(model, client, meant, options)),
  ];
}

function redirectionTarget(model: MeshModel, client: Workload, { outbound }: InterceptionPorts): EmittedListener {
  const name = originalDestinationName(client.id, 'outbound');
  return {
    listener: {
      name,
      ...originMetadata(client.origins),
      ...anyAddress(client, outbound),
      trafficDirection: 'OUTBOUND',
      useOriginalDst: true,
      // Whoever asks for this very port would come back here without end.
      filterChains: [matching({ filters: [nowhere(name)] }, { destinationPort: outbound })],
      defaultFilterChain: { filters: [elsewhere(model, client)] },
    },
    routes: [],
    origins: [],
  };
}

/** What no Service has goes on to where it was going, or nowhere. */
function elsewhere({ settings }: MeshModel, client: Workload): Message {
  const name = originalDestinationName(client.id, 'outbound');
  return handOn(name, settings.outboundMode === 'passthrough' ? name : emptyCluster);
}

function portListener(model: MeshModel, client: Workload, at: MeantAt, options: EnvoyOptions): EmittedListener {
  const connections = connectionChains(model, client, at);
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
      ...otherwise(chains, closing(model, client, at), byName && requests(byName)),
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
function connectionChains(model: MeshModel, client: Workload, { number, byAddress }: MeantAt) {
  const caller = callerOf(model, client);
  const parts = byAddress
    .filter(({ protocol, asIs }) => protocol === 'tcp' && asIs !== true)
    .flatMap((meant) => {
      const what = `redirected connections ${number} ${caller.key} ${meant.id}`;
      const found = shared(model, what, (whole) =>
        tcpPart(whole, meant.name, caller, settingsOf(whole, caller, meant)),
      );
      return found.map(({ filters, origins }) => ({ chain: matching({ filters }, ranges([meant])), origins }));
    });
  const asIs = byAddress.filter((meant) => meant.asIs === true);
  const name = originalDestinationName(client.id, 'outbound');
  return {
    chains: [
      ...parts.map(({ chain }) => chain),
      ...(asIs.length === 0 ? [] : [matching({ filters: [handOn(name, name)] }, ranges(asIs))]),
    ],
    origins: parts.flatMap(({ origins }) => origins),
  };
}

/** What becomes of bytes for addresses that nobody has. The only host outside that they may be for is known in any case. */
function closing(model: MeshModel, client: Workload, { byName }: MeantAt): readonly Message[] {
  const [only, ...others] = byName.filter(({ protocol }) => protocol === 'tcp');
  const known = only !== undefined && others.length === 0 && model.settings.outboundMode === 'registry-only';
  const caller = callerOf(model, client);
  const [part] = known ? tcpPart(model, only.name, caller, settingsOf(model, caller)) : [];
  return part?.filters ?? [elsewhere(model, client)];
}

function ranges(meant: readonly Meant[]): Message {
  return { prefixRanges: meant.flatMap(({ addresses }) => addresses.map(cidr)) };
}
