import type { MeshModel, SpiffeId, TrustDomain } from '../../../src/model/types.ts';
import { secretNames } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { ads, any, type Message } from './message.ts';

/** Certificate, key and roots by file, or as secrets of the control plane. */
type Material = Pick<EnvoyOptions, 'certificates' | 'secrets'>;

/** Which SPIFFE ids a peer's certificate may carry. */
export type PeerIdentities = { readonly trustDomains: readonly string[] } | { readonly exact: readonly SpiffeId[] };

/** The own trust domain, and those that are federated with it. */
export interface Trust {
  readonly own: string;
  readonly others: Readonly<Record<string, TrustDomain>>;
}

/** Mutual TLS to servers that must present one of these identities. */
export function clientTls(material: Material, servers: readonly SpiffeId[]): Message {
  return transportSocket('UpstreamTlsContext', { commonTlsContext: tlsContext(material, { exact: servers }) });
}

/** Mutual TLS for clients; without a certificate of the mesh there is no connection. */
export function serverTls(material: Material, clients: PeerIdentities, trust: Trust): Message {
  return transportSocket('DownstreamTlsContext', {
    requireClientCertificate: true,
    // A resumed session would keep an identity that policy no longer lets in.
    disableStatelessSessionResumption: true,
    disableStatefulSessionResumption: true,
    commonTlsContext: { ...tlsContext(material, clients, trust), alpnProtocols: ['h2', 'http/1.1'] },
  });
}

/** What a model says about whose roots count. */
export function trustOf({ trustDomain, settings }: MeshModel): Trust {
  return { own: trustDomain, others: settings.trustDomains ?? {} };
}

/** All who can prove an identity. */
export function everybody({ trustDomain, settings }: MeshModel): PeerIdentities {
  return { trustDomains: [trustDomain, ...Object.keys(settings.trustDomains ?? {})] };
}

/** Tells TLS from other bytes, and reads the server's name, without taking anything. */
export const tlsInspector: Message = {
  name: 'envoy.filters.listener.tls_inspector',
  typedConfig: any('envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector', {}),
};

/** No encryption, for endpoints without a sidecar. */
export const plainText: Message = {
  name: 'envoy.transport_sockets.raw_buffer',
  typedConfig: any('envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer', {}),
};

function transportSocket(context: string, message: Message): Message {
  return {
    name: 'envoy.transport_sockets.tls',
    typedConfig: any(`envoy.extensions.transport_sockets.tls.v3.${context}`, message),
  };
}

function tlsContext({ certificates, secrets }: Material, peers: PeerIdentities, trust?: Trust): Message {
  const tlsParams = { tlsMinimumProtocolVersion: 'TLSv1_3', tlsMaximumProtocolVersion: 'TLSv1_3' };
  const matchTypedSubjectAltNames = identityMatchers(peers).map((matcher) => ({ sanType: 'URI', matcher }));
  if (secrets === 'ads') {
    return {
      tlsParams,
      tlsCertificateSdsSecretConfigs: [{ name: secretNames.certificate, sdsConfig: ads }],
      combinedValidationContext: {
        defaultValidationContext: { matchTypedSubjectAltNames },
        validationContextSdsSecretConfig: { name: secretNames.trust, sdsConfig: ads },
      },
    };
  }
  const { certificateChain, privateKey, trustBundle } = certificates;
  return {
    tlsParams,
    tlsCertificates: [{ certificateChain: { filename: certificateChain }, privateKey: { filename: privateKey } }],
    validationContext: { ...roots({ filename: trustBundle }, trust), matchTypedSubjectAltNames },
  };
}

/** With several trust domains each vouches for its own members only, which Envoy's plain validation does not hold. */
export function roots(own: Message, trust: Trust | undefined): Message {
  if (trust === undefined || Object.keys(trust.others).length === 0) return { trustedCa: own };
  const others = Object.entries(trust.others).map(([name, { bundle }]) => ({
    name,
    trustBundle: { inlineString: bundle },
  }));
  const config = { trustDomains: [{ name: trust.own, trustBundle: own }, ...others] };
  return {
    customValidatorConfig: {
      name: 'envoy.tls.cert_validator.spiffe',
      typedConfig: any('envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig', config),
    },
  };
}

function identityMatchers(peers: PeerIdentities): readonly Message[] {
  if ('trustDomains' in peers) return peers.trustDomains.map((name) => ({ prefix: `spiffe://${name}/` }));
  // An empty list would let in everybody; no certificate of the mesh has this name.
  if (peers.exact.length === 0) return [{ exact: 'nobody' }];
  return peers.exact.map((id) => ({ exact: id }));
}
