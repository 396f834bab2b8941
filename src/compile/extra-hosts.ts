import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { ServiceObject } from '../kubernetes/types.ts';
import { compareText } from '../lib/collections.ts';
import { formatFieldPath } from '../lib/field-path.ts';
import type { ServiceId } from '../model/types.ts';
import { isHostName } from './host-name.ts';
import type { Index, PassContext } from './state.ts';
import { at } from './state.ts';

/** Names beyond its own by which clients reach a Service: `shop.example, www.shop.example`. */
const hostsAnnotation = 'smi-mesh.io/hosts';
const path = formatFieldPath(['metadata', 'annotations', hostsAnnotation]);

/**
 * The extra hosts that each Service has, in lower case and the order of its annotation. A host that is a name of another
 * Service is that Service's; of several that claim one it is the oldest's (by creation time, absent first, then by name).
 * Both are told.
 */
export function extraHosts(
  services: Index['services'],
  ownHosts: (service: ServiceObject) => readonly string[],
  context: PassContext,
): ReadonlyMap<ServiceId, readonly string[]> {
  const claims = [...services].flatMap(([id, service]) => {
    const hosts = readHosts(id, service, context);
    return hosts.length === 0 ? [] : [{ id, service, hosts }];
  });
  if (claims.length === 0) return new Map();
  const owners = new Map<string, { readonly service: ServiceObject; readonly path: string }>();
  for (const service of services.values())
    for (const host of ownHosts(service)) owners.set(host, { service, path: 'metadata.name' });
  const found = new Map<ServiceId, readonly string[]>();
  for (const { id, service, hosts } of claims.sort(olderFirst)) {
    found.set(
      id,
      hosts.filter((host) => {
        const owner = owners.get(host);
        if (owner === undefined) owners.set(host, { service, path });
        else if (owner.service !== service) reportClaim(host, owner, service, context);
        return owner === undefined;
      }),
    );
  }
  return found;
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

type Claim = { readonly id: ServiceId; readonly service: ServiceObject };

function olderFirst(a: Claim, b: Claim): number {
  const created = ({ service }: Claim) => service.meta.creationTimestamp ?? '';
  return compareText(created(a), created(b)) || compareText(a.id, b.id);
}

function reportClaim(
  host: string,
  owner: { readonly service: ServiceObject; readonly path: string },
  service: ServiceObject,
  context: PassContext,
): void {
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
