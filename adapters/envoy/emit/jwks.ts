import { isIP } from 'node:net';
import type { WorkloadId } from '../../../src/model/types.ts';
import { jwksClusterName } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { lookups } from './dns.ts';
import { any, type Message, socketAddress } from './message.ts';
import type { ServerLayer } from './server-layers.ts';

const debianRoots = '/etc/ssl/certs/ca-certificates.crt';

/** The clusters from which the keys of issuers are fetched, one for each origin. */
export function jwksClusters(
  server: WorkloadId,
  layers: readonly ServerLayer[],
  options: EnvoyOptions,
): readonly Message[] {
  const urls = layers
    .flatMap(({ layer }) => layer.fields.authentication?.jwt ?? [])
    .flatMap(({ jwks }) => ('url' in jwks ? [new URL(jwks.url)] : []));
  const origins = new Map(urls.map((url) => [url.origin, url]));
  return [...origins.values()].map((url) => cluster(server, url, options));
}

function cluster(server: WorkloadId, url: URL, options: EnvoyOptions): Message {
  const name = jwksClusterName(server, url.origin);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'https:';
  const address = socketAddress(host, Number(url.port || (secure ? 443 : 80)));
  return {
    name,
    ...(isIP(host) === 0 ? { type: 'LOGICAL_DNS', ...lookups(options) } : { type: 'STATIC' }),
    connectTimeout: '5s',
    ...(secure ? { transportSocket: webTls(host, options.webRoots ?? debianRoots) } : {}),
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [{ endpoint: { address } }] }] },
  };
}

/** A host of the web proves its name to authorities of the web. */
function webTls(host: string, roots: string): Message {
  const name = isIP(host) === 0;
  const matcher = { sanType: name ? 'DNS' : 'IP_ADDRESS', matcher: { exact: host } };
  const validationContext = { trustedCa: { filename: roots }, matchTypedSubjectAltNames: [matcher] };
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
      ...(name ? { sni: host } : {}),
      commonTlsContext: { validationContext },
    }),
  };
}
