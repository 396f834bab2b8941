import type { Artifact } from '../../../src/adapter/contract.ts';
import type { Service } from '../../../src/model/types.ts';
import { type ServicePortRef, typeUrls } from '../names.ts';
import { faultFilter } from './faults.ts';
import { any, type Message, overAds } from './message.ts';

/** The names by which every client may ask for a service port: `xds:///NAME` and `xds:///NAME:PORT`. */
export function hostNames(ref: ServicePortRef): readonly string[] {
  return ref.service.hosts.flatMap((host) => spellings(host, ref));
}

/** Those that mean it within its own namespace only. */
export function shortNames(ref: ServicePortRef): readonly string[] {
  return spellings(ref.service.name.toLowerCase(), ref);
}

function spellings(host: string, { service, port }: ServicePortRef): readonly string[] {
  const full = `${host}:${port.port}`;
  return defaultPort(service) === port.port ? [host, full] : [full];
}

/** What a name without a port means: the only HTTP port, or of several port 80. */
function defaultPort({ ports }: Service): number | undefined {
  const http = ports.filter(({ protocol }) => protocol === 'http');
  const [only] = http;
  return http.length === 1 ? only?.port : http.find(({ port }) => port === 80)?.port;
}

/** One API listener for each name (gRFC A27): a client asks for the listener that its target names. */
export function emitListeners(
  { service, name: routeConfigName }: ServicePortRef,
  names: readonly string[],
  faults: boolean,
): readonly Artifact[] {
  const manager: Message = {
    rds: { routeConfigName, configSource: overAds },
    httpFilters: [...(faults ? [faultFilter] : []), router],
  };
  const apiListener = {
    apiListener: any('envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', manager),
  };
  return names.map((name) => ({
    name,
    format: typeUrls.listener,
    body: { name, apiListener },
    origins: service.origins,
  }));
}

/** The last filter, which A39 asks for. */
const router: Message = {
  name: 'envoy.filters.http.router',
  typedConfig: any('envoy.extensions.filters.http.router.v3.Router', {}),
};
