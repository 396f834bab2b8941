import { shared } from '../../../src/adapter/tracking.ts';
import { allRequestLayers } from '../../../src/model/policy-fields.ts';
import type { MeshModel, Workload } from '../../../src/model/types.ts';
import { outboundName } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { type Binding, bindings, interceptedNames, namesAt, servedAt } from './bindings.ts';
import { type Caller, callerOf } from './caller.ts';
import { clientRefusals, mayReach } from './client-access.ts';
import type { EmittedListener } from './emitted.ts';
import { redirectedListeners } from './interception/outbound.ts';
import { interceptionOf } from './interception/redirection.ts';
import { originMetadata, socketAddress } from './message.ts';
import { outboundHttp } from './outbound-http.ts';
import { settingsOf } from './outbound-settings.ts';
import { tcpChains } from './outbound-tcp.ts';
import { clusterOf } from './places.ts';
import { appliesTo, authorities, httpPart, outboundRoutes } from './routes.ts';

/** What takes a workload's outbound connections. */
export function outboundListeners(
  model: MeshModel,
  client: Workload,
  options: EnvoyOptions,
): readonly EmittedListener[] {
  if (interceptionOf(client, options) !== undefined) return redirectedListeners(model, client, options);
  return bindings(model, client).map((binding) => emitListener(model, binding, client, options));
}

/** Names of the service ports' clusters that a workload's outbound listeners can lead to, each once. */
export function reachedClusters(model: MeshModel, client: Workload): readonly string[] {
  const caller = callerOf(model, client);
  const names =
    client.outbound === 'intercepted'
      ? interceptedNames(model)
      : bindings(model, client).flatMap((binding) => namesAt(model, binding));
  return [
    ...new Set(
      names.flatMap((name) =>
        shared(model, `reached ${caller.key} ${name}`, (whole) =>
          referencedClusters(whole, name, caller).filter((cluster) => mayReach(whole, caller, cluster)),
        ),
      ),
    ),
  ];
}

function referencedClusters(model: MeshModel, name: string, client: Caller): readonly string[] {
  const nameOf = clusterOf(model, client);
  const served = servedAt(model, name);
  if (served === undefined) return [];
  const { service, port, policy } = served;
  return [
    ...policy.rules
      .filter((rule) => appliesTo(rule, client))
      .flatMap(({ to }) => {
        if (to.kind === 'fail') return [];
        return to.kind === 'self'
          ? [nameOf(service.id, port.port)]
          : to.targets.map((one) => nameOf(one.service, one.port));
      }),
    ...allRequestLayers(policy).flatMap(({ fields: { mirror } }) =>
      mirror === undefined ? [] : [nameOf(mirror.service, mirror.port)],
    ),
  ];
}

function emitListener(model: MeshModel, binding: Binding, client: Workload, options: EnvoyOptions): EmittedListener {
  const { address, port, passthrough, protocol, only } = binding;
  const caller = callerOf(model, client);
  const name = outboundName(client.id, address, port);
  const common = {
    name,
    ...originMetadata(client.origins),
    address: socketAddress(address, port),
    trafficDirection: 'OUTBOUND',
  };
  if (protocol === 'tcp') {
    const { chains, origins } = tcpChains(model, binding, client, options);
    return { listener: { ...common, ...chains }, routes: [], origins };
  }
  // The routes carry the listener's name: pods of one account whose listeners have the same address do not share them.
  const what = `requests ${name} ${passthrough} ${only} ${caller.key}`;
  const http = shared(model, what, (whole) =>
    outboundRoutes(whole, name, binding, caller, (one, served) => {
      const { refusals, ...settings } = settingsOf(one, caller);
      const { testRandomHeader } = options;
      const domains = authorities(served.service, served.port.port, binding, caller);
      return httpPart(served, domains, caller, { ...settings, refusals: refusals.ofRequests, testRandomHeader });
    }),
  );
  const filters = [outboundHttp(http, passthrough, client, options, clientRefusals(model, caller))];
  return { listener: { ...common, filterChains: [{ filters }] }, routes: [http.routes], origins: http.origins };
}
