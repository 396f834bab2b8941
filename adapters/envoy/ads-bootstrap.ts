import { any, type Message, socketAddress } from './emit/message.ts';
import { typeUrls } from './names.ts';
import { type EnvoyProcess, envoyProcess, ownClusters } from './process.ts';

/** Where an Envoy gets its configuration. */
export interface ControlPlane {
  /** An IP address or a host name. */
  readonly address: string;
  readonly port: number;
  /** The SPIFFE id that it must present. */
  readonly identity: string;
  /** `sotw`: state of the world, for what does not speak the delta protocol. */
  readonly variant: 'delta' | 'sotw';
}

/**
 * The files beside an ADS bootstrap, in a directory that Envoy watches: certificate chain, private key and trust bundle as PEM,
 * and two that say where these are (`secretFiles`). A file that is moved into its place is read at once, so that the certificate
 * for the control plane can be renewed.
 */
export const credentialFiles = {
  certificateChain: 'certificate-chain.pem',
  privateKey: 'private-key.pem',
  trustBundle: 'trust-bundle.pem',
} as const;

const certificate = { name: 'control-plane-certificate', file: 'certificate.sds.json' } as const;
const trust = { name: 'control-plane-trust', file: 'trust.sds.json' } as const;
const controlPlaneCluster = 'smi-mesh-control-plane';

/** A bootstrap for an Envoy that asks a control plane for everything else; `directory` holds its credential files. */
export function adsBootstrap(process: EnvoyProcess, controlPlane: ControlPlane, directory: string): Message {
  const source = { ads: {}, resourceApiVersion: 'V3', initialFetchTimeout: '0s' };
  return {
    ...envoyProcess(process),
    dynamicResources: {
      adsConfig: {
        apiType: controlPlane.variant === 'delta' ? 'DELTA_GRPC' : 'GRPC',
        transportApiVersion: 'V3',
        setNodeOnFirstMessageOnly: true,
        grpcServices: [{ envoyGrpc: { clusterName: controlPlaneCluster } }],
      },
      // However long the control plane is away at the start: Envoy is not ready before it knows what it is to do.
      cdsConfig: source,
      ldsConfig: source,
    },
    staticResources: { clusters: [controlPlaneOf(controlPlane, directory), ...ownClusters(process)] },
  };
}

/** The files that tell Envoy of the PEM files, by name. They never change. */
export function secretFiles(directory: string): Readonly<Record<string, Message>> {
  const path = (file: string) => ({ filename: `${directory}/${file}` });
  const watchedDirectory = { path: directory };
  const { certificateChain, privateKey, trustBundle } = credentialFiles;
  const secret = (name: string, content: Message) => ({
    resources: [{ '@type': typeUrls.secret, name, ...content }],
  });
  return {
    [certificate.file]: secret(certificate.name, {
      tlsCertificate: { certificateChain: path(certificateChain), privateKey: path(privateKey), watchedDirectory },
    }),
    [trust.file]: secret(trust.name, { validationContext: { trustedCa: path(trustBundle), watchedDirectory } }),
  };
}

function controlPlaneOf({ address, port, identity }: ControlPlane, directory: string): Message {
  const secret = ({ name, file }: { readonly name: string; readonly file: string }): Message => ({
    name,
    sdsConfig: {
      pathConfigSource: { path: `${directory}/${file}`, watchedDirectory: { path: directory } },
      resourceApiVersion: 'V3',
    },
  });
  const http = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return {
    name: controlPlaneCluster,
    type: isIpAddress(address) ? 'STATIC' : 'STRICT_DNS',
    connectTimeout: '5s',
    loadAssignment: {
      clusterName: controlPlaneCluster,
      endpoints: [{ lbEndpoints: [{ endpoint: { address: socketAddress(address, port) } }] }],
    },
    typedExtensionProtocolOptions: {
      [http]: any(http, {
        explicitHttpConfig: { http2ProtocolOptions: { connectionKeepalive: { interval: '10s', timeout: '10s' } } },
      }),
    },
    transportSocket: {
      name: 'envoy.transport_sockets.tls',
      typedConfig: any('envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext', {
        commonTlsContext: {
          tlsParams: { tlsMinimumProtocolVersion: 'TLSv1_3', tlsMaximumProtocolVersion: 'TLSv1_3' },
          tlsCertificateSdsSecretConfigs: [secret(certificate)],
          combinedValidationContext: {
            defaultValidationContext: {
              matchTypedSubjectAltNames: [{ sanType: 'URI', matcher: { exact: identity } }],
            },
            validationContextSdsSecretConfig: secret(trust),
          },
          alpnProtocols: ['h2'],
        },
      }),
    },
  };
}

function isIpAddress(address: string): boolean {
  return /^[0-9.]+$/.test(address) || address.includes(':');
}
