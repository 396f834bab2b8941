import type { EnvoyOptions } from '../options.ts';
import { any, type Message, socketAddress } from './message.ts';

/** How hosts outside the mesh are looked up: IPv4 where a host has both, for as long as DNS says. */
export function lookups(options: EnvoyOptions): Message {
  return { respectDnsTtl: true, ...resolver(options) };
}

/** The part that clusters and caches of DNS have in common. */
export function resolver({ dnsServers = [] }: EnvoyOptions): Message {
  const typedDnsResolverConfig = {
    name: 'envoy.network.dns_resolver.cares',
    typedConfig: any('envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig', {
      resolvers: dnsServers.map(({ address, port }) => socketAddress(address, port)),
      dnsResolverOptions: { noDefaultSearchDomain: true },
    }),
  };
  return { dnsLookupFamily: 'V4_PREFERRED', ...(dnsServers.length === 0 ? {} : { typedDnsResolverConfig }) };
}
