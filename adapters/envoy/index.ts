import type { Artifact, DataPlaneAdapter } from '../../src/adapter/contract.ts';
import { encodeListing, encodeProtoJson } from '../../src/lib/proto-json.ts';
import { emitSecrets } from './emit/secrets.ts';
import { typeUrls } from './names.ts';
import { type EnvoyOptions, parseEnvoyOptions } from './options.ts';
import { support } from './support.ts';
import { emitUnit, units } from './units.ts';
import { view } from './view.ts';

export { adsBootstrap, credentialFiles, secretFiles } from './ads-bootstrap.ts';
export { staticBootstrap } from './bootstrap.ts';
export type { EnvoyOptions } from './options.ts';
export { podBootstrap } from './pod-bootstrap.ts';

/** Configuration for Envoy 1.40 and later: xDS v3 resources as proto JSON. */
export const envoyAdapter: DataPlaneAdapter<EnvoyOptions> = {
  contract: 1,
  id: 'envoy',
  support,
  // Secrets wait for nothing and clusters for them; an address has a scope before connections to it are taken, and routes come
  // last, so that they lead to clusters that are there.
  typeOrder: [
    typeUrls.secret,
    typeUrls.cluster,
    typeUrls.endpoints,
    typeUrls.scope,
    typeUrls.listener,
    typeUrls.routes,
  ],
  parseOptions: parseEnvoyOptions,
  units,
  view,
  emitUnit,
  encode,
  // A changed cluster is not used before it has been told its endpoints once more.
  awaits: ({ format, name, body }) =>
    format === typeUrls.cluster && (body as { readonly edsClusterConfig?: unknown }).edsClusterConfig !== undefined
      ? [{ format: typeUrls.endpoints, name }]
      : [],
  secrets: emitSecrets,
};

function encode({ format, body }: Artifact): Uint8Array {
  const typeName = format.slice(format.indexOf('/') + 1);
  if (format !== typeUrls.routes) return encodeProtoJson('envoy', typeName, body);
  return encodeListing('envoy', typeName, 'virtualHosts', body as Readonly<Record<string, unknown>>);
}
