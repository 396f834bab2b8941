import type { SpiffeId, TrustDomain } from '../../../src/model/types.ts';
import type { CertificateFiles } from '../options.ts';
import { any, type Message } from './message.ts';

/** Which SPIFFE ids a peer's certificate may carry. */
export type PeerIdentities = { readonly trustDomains: readonly string[] } | { readonly exact: readonly SpiffeId[] };

/** The own trust domain, whose roots are a file, and those that are federated with it. */
export interface Trust {
  readonly own: string;
  readonly others: Readonly<Record<string, TrustDomain>>;
}

/** Mutual TLS to servers that must present one of these identities. */
export function clientTls(files: CertificateFiles, servers: readonly SpiffeId[]): Message {
  return transportSocket('UpstreamTlsContext', { commonTlsContext: tlsContext(files, { exact: servers }) });
}

/** Mutual TLS for clients; without a certificate of the mesh there is no connection. */
export function serverTls(files: CertificateFiles, clients: PeerIdentities, trust: Trust): Message {
  return transportSocket('DownstreamTlsContext', {
    requireClientCertificate: true,
    // A resumed session would keep an identity that policy no longer lets in.
    disableStatelessSessionResumption: true,
    disableStatefulSessionResumption: true,
    commonTlsContext: { ...tlsContext(files, clients, trust), alpnProtocols: ['h2', 'http/1.1'] },
  });
}

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

function tlsContext(files: CertificateFiles, peers: PeerIdentities, trust?: Trust): Message {
  return {
    tlsParams: { tlsMinimumProtocolVersion: 'TLSv1_3', tlsMaximumProtocolVersion: 'TLSv1_3' },
    tlsCertificates: [
      { certificateChain: { filename: files.certificateChain }, privateKey: { filename: files.privateKey } },
    ],
    validationContext: {
      ...roots(files, trust),
      matchTypedSubjectAltNames: identityMatchers(peers).map((matcher) => ({ sanType: 'URI', matcher })),
    },
  };
}

/** With several trust domains each vouches for its own members only, which Envoy's plain validation does not hold. */
function roots({ trustBundle }: CertificateFiles, trust: Trust | undefined): Message {
  if (trust === undefined || Object.keys(trust.others).length === 0) return { trustedCa: { filename: trustBundle } };
  const others = Object.entries(trust.others).map(([name, { bundle }]) => ({
    name,
    trustBundle: { inlineString: bundle },
  }));
  const config = { trustDomains: [{ name: trust.own, trustBundle: { filename: trustBundle } }, ...others] };
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
