import { shared } from '../../../../src/adapter/tracking.ts';
import type { MeshModel, Workload } from '../../../../src/model/types.ts';
import { findServicePort, originalDestinationName, outboundName, parseClusterName } from '../../names.ts';
import type { EnvoyOptions } from '../../options.ts';
import { servedAt } from '../bindings.ts';
import { callerOf } from '../caller.ts';
import { deadlineHeader } from '../deadline.ts';
import type { Message } from '../message.ts';
import { settingsOf } from '../outbound-settings.ts';
import { authoritiesOf, type HttpPart, type HttpRoutes, httpPart, ownNames, routesOf } from '../routes.ts';
import { furtherHosts, type Meant, type MeantAt } from './meant.ts';

/** The address says which service is meant, whatever authority requests name. */
export function routesByAddress(
  model: MeshModel,
  client: Workload,
  { number, byAddress }: MeantAt,
  options: EnvoyOptions,
): HttpRoutes | undefined {
  const meant = byAddress.filter(({ protocol, asIs }) => protocol === 'http' && asIs !== true);
  if (meant.length === 0) return undefined;
  const parts = meant.map((one) => partOf(model, client, number, one, options));
  return routesOf(outboundName(client.id, 'address', number), parts, [], 'address');
}

/** Requests say themselves which service they mean; others go on as they are, or are answered 404. */
export function routesByName(
  model: MeshModel,
  client: Workload,
  { number, byName }: MeantAt,
  options: EnvoyOptions,
): HttpRoutes | undefined {
  const named = byName.filter(({ protocol }) => protocol === 'http');
  if (named.length === 0) return undefined;
  const taken = new Set<string>();
  const parts = named.map(({ name }) => {
    const addresses = domainsOf(model, client, name).filter((domain) => !taken.has(domain));
    for (const domain of addresses) taken.add(domain);
    return partOf(model, client, number, { id: `named ${name}`, name, addresses }, options);
  });
  const cluster = originalDestinationName(client.id, 'outbound');
  const onwards: Message = {
    name: cluster,
    match: { prefix: '/' },
    route: { cluster, timeout: '0s' },
    requestHeadersToRemove: [deadlineHeader],
  };
  const others = model.settings.outboundMode === 'passthrough' ? [onwards] : [];
  return routesOf(outboundName(client.id, 'name', number), parts, others);
}

function partOf(
  model: MeshModel,
  client: Workload,
  number: number,
  meant: Pick<Meant, 'id' | 'name' | 'addresses' | 'peer'>,
  { testRandomHeader }: EnvoyOptions,
): HttpPart | undefined {
  const caller = callerOf(client);
  const { id, name, addresses, peer } = meant;
  return shared(model, `redirected requests ${number} ${caller.key} ${id} ${addresses.join(' ')}`, (whole) => {
    const served = servedAt(whole, name);
    const { refusals, ...settings } = settingsOf(whole, caller, { name, peer });
    const forward = { ...settings, refusals: refusals.ofRequests, testRandomHeader };
    return { part: served && { ...httpPart(served, addresses, caller, forward), name: id } };
  }).part;
}

function domainsOf(model: MeshModel, client: Workload, name: string): readonly string[] {
  const { service: id, port } = parseClusterName(name);
  const service = findServicePort(model, id, port)?.service;
  if (service === undefined) return [];
  const names = service.kind === 'external' ? ownNames(service, client.namespace) : furtherHosts(service);
  return authoritiesOf(names, [port]);
}
