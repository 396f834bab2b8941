import { localAuthorities, outsideAuthorities } from '../../../src/lib/outside-host.ts';
import { outsideClusterName as clusterName } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { deadlineHeader } from './deadline.ts';
import { resolver } from './dns.ts';
import { any, type Message } from './message.ts';
import { upstreamHttp } from './upstream-http.ts';

/** Hosts that are remembered; further ones are answered 503. */
const maxHosts = 256;
const filterPackage = 'envoy.extensions.filters.http.dynamic_forward_proxy.v3';

/** The cluster of all hosts that the mesh does not know: requests go to the one that their authority names. */
export function outsideCluster(options: EnvoyOptions): Message {
  const config = any('envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig', {
    ...cache(options),
    // Plain text has no server name that Envoy could check.
    allowInsecureClusterOptions: true,
  });
  return {
    name: clusterName,
    connectTimeout: '5s',
    lbPolicy: 'CLUSTER_PROVIDED',
    clusterType: { name: 'envoy.clusters.dynamic_forward_proxy', typedConfig: config },
    ...upstreamHttp('http1'),
  };
}

/** Looks the host up before the request goes on. */
export function outsideFilter(options: EnvoyOptions): Message {
  return {
    name: 'envoy.filters.http.dynamic_forward_proxy',
    typedConfig: any(`${filterPackage}.FilterConfig`, cache(options)),
  };
}

/** After those of all services: what may mean a host outside goes there, everything else is answered 404. */
export function outsideRoutes(port: number): readonly Message[] {
  const authority = (regex: string) => [{ name: ':authority', stringMatch: { safeRegex: { regex } } }];
  return [
    {
      name: 'local',
      match: { prefix: '/', headers: authority(`(?i)${localAuthorities}`) },
      directResponse: { status: 404 },
    },
    {
      name: clusterName,
      match: { prefix: '/', headers: authority(`(?i)${outsideAuthorities(port)}`) },
      route: { cluster: clusterName, timeout: '0s' },
      requestHeadersToRemove: [deadlineHeader],
    },
  ];
}

/** The filter and the cluster must say the same. */
function cache(options: EnvoyOptions): Message {
  return { dnsCacheConfig: { name: clusterName, maxHosts, ...resolver(options) } };
}
