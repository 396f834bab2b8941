import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { ServiceObject } from '../kubernetes/types.ts';
import { compareText } from '../lib/collections.ts';
import { formatFieldPath } from '../lib/field-path.ts';
import { Groups } from '../lib/incremental/groups.ts';
import { Table } from '../lib/incremental/table.ts';
import type { ServiceId } from '../model/types.ts';
import { isHostName } from './host-name.ts';
import { shortHost, shortHosts } from './own-hosts.ts';
import type { PassContext } from './state.ts';
import { at } from './state.ts';

/** Names beyond its own by which clients reach a Service: `shop.example, www.shop.example`. */
const hostsAnnotation = 'smi-mesh.io/hosts';
const path = formatFieldPath(['metadata', 'annotations', hostsAnnotation]);

/** The Service that has a host, and the field that says so. */
interface Owner {
  readonly service: ServiceObject;
  readonly path: string;
}

/**
 * The extra hosts of a Service, in lower case and the order of its annotation. A host that is a name of another Service is
 * that Service's; of several that claim one it is the oldest's (by creation time, absent first, then by name). Both are
 * told.
 */
export function extraHosts(context: PassContext): (id: ServiceId, service: ServiceObject) => readonly string[] {
  const { graph, input } = context;
  const claims = new Table<ServiceId, readonly string[]>(graph, [input.services], (id) => {
    const service = input.services.get(id);
    const hosts = service === undefined ? [] : readHosts(id, service, context);
    return hosts.length === 0 ? undefined : hosts;
  });
  const claimants = new Groups<ServiceId, readonly string[], string, ServiceId>(graph, claims, (hosts, id) =>
    hosts.map((host) => [host, id]),
  );
  const byShortHost = new Groups<ServiceId, ServiceObject, string, ServiceId>(graph, input.services, (service, id) => [
    [shortHost(service), id],
  ]);
  const objectsOf = (ids: readonly ServiceId[] = []) => ids.flatMap((id) => input.services.get(id) ?? []);
  const ownerOf = (host: string): Owner | undefined => {
    const [named] = objectsOf(
      shortHosts(host, context)
        .flatMap((short) => byShortHost.get(short) ?? [])
        .slice(-1),
    );
    if (named !== undefined) return { service: named, path: 'metadata.name' };
    const [oldest] = objectsOf(claimants.get(host)).sort(olderFirst);
    return oldest && { service: oldest, path };
  };
  return (id, service) =>
    (claims.get(id) ?? []).filter((host) => {
      const owner = ownerOf(host);
      if (owner === undefined) return false;
      if (owner.service !== service) reportClaim(host, owner, service, context);
      return owner.service === service && owner.path === path;
    });
}

function readHosts(id: ServiceId, service: ServiceObject, context: PassContext): readonly string[] {
  const text = service.meta.annotations[hostsAnnotation];
  if (text === undefined) return [];
  const hosts = text.split(',').map((host) => host.trim().toLowerCase());
  // A bare name means a Service of the client's own namespace.
  const unusable = hosts.filter((host) => !isHostName(host) || !host.includes('.'));
  for (const host of unusable) {
    const message = `"${host}" in the annotation ${hostsAnnotation} of Service ${id} is no DNS name of two labels or more`;
    context.report(diagnostic('SMI4021', { message, origin: at(service, path) }));
  }
  return [...new Set(hosts)].filter((host) => !unusable.includes(host));
}

function olderFirst(a: ServiceObject, b: ServiceObject): number {
  const id = ({ meta }: ServiceObject) => `${meta.namespace}/${meta.name}`;
  return compareText(a.meta.creationTimestamp ?? '', b.meta.creationTimestamp ?? '') || compareText(id(a), id(b));
}

function reportClaim(host: string, owner: Owner, service: ServiceObject, context: PassContext): void {
  const name = ({ meta }: ServiceObject) => `Service ${meta.namespace}/${meta.name}`;
  const theirs = at(owner.service, owner.path);
  const ours = at(service, path);
  context.report(
    diagnostic('SMI4036', {
      message: `${host} is not a host of ${name(service)}: it is one of ${name(owner.service)}`,
      origin: ours,
      related: [theirs],
    }),
  );
  context.report(
    diagnostic('SMI4036', {
      message: `${host} is a host of ${name(owner.service)}; ${name(service)} claims it too and does not get it`,
      origin: theirs,
      related: [ours],
      severity: 'warning',
    }),
  );
}
