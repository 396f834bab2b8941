import type { MeshModel, Workload } from '../../../../src/model/types.ts';
import { findServicePort, originalDestinationName, outboundName, parseClusterName } from '../../names.ts';
import type { EnvoyOptions } from '../../options.ts';
import { callerOf } from '../caller.ts';
import { deadlineHeader } from '../deadline.ts';
import type { Message } from '../message.ts';
import { authoritiesOf, type HttpRoutes, ownNames, routesOf } from '../routes.ts';
import { furtherHosts, type MeantAt } from './meant.ts';
import { partOf } from './part.ts';

/** Requests say themselves which service they mean; others go on as they are, or are answered 404. */
export function routesByName(
  model: MeshModel,
  client: Workload,
  { number, byName }: MeantAt,
  options: EnvoyOptions,
): HttpRoutes | undefined {
  const named = byName.filter(({ protocol }) => protocol === 'http');
  if (named.length === 0) return undefined;
  const caller = callerOf(model, client);
  const taken = new Set<string>();
  const parts = named.map(({ name }) => {
    const domains = domainsOf(model, client, name).filter((domain) => !taken.has(domain));
    for (const domain of domains) taken.add(domain);
    return partOf(model, caller, { id: `named ${name}`, name }, domains, options);
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

function domainsOf(model: MeshModel, client: Workload, name: string): readonly string[] {
  const { service: id, port } = parseClusterName(name);
  const service = findServicePort(model, id, port)?.service;
  if (service === undefined) return [];
  const names = service.kind === 'external' ? ownNames(service, client.namespace) : furtherHosts(service);
  return authoritiesOf(names, [port]);
}
