import { certificateProvider } from './names.ts';

/** Paths of PEM files on the machine where the client runs; it reads them again when they change. */
interface CertificateFiles {
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly trustBundle: string;
}

export interface GrpcBootstrapOptions {
  /** The workload id, `NAMESPACE/POD`. */
  readonly node: string;
  readonly locality?: { readonly region?: string; readonly zone?: string };
  /** Where the control plane is: a Unix socket that only its own user can open, or `HOST:PORT` with mutual TLS (gRFC A65). */
  readonly server: { readonly socket: string } | { readonly address: string };
  readonly certificateFiles: CertificateFiles;
}

/** How often clients look whether the files have changed. */
const refreshInterval = '60s';

/** The bootstrap of a gRPC client (`GRPC_XDS_BOOTSTRAP`), as plain JSON. */
export function grpcBootstrap(options: GrpcBootstrapOptions): unknown {
  const { node, locality = {}, server, certificateFiles } = options;
  const { certificateChain, privateKey, trustBundle } = certificateFiles;
  const config = {
    certificate_file: certificateChain,
    private_key_file: privateKey,
    ca_certificate_file: trustBundle,
    refresh_interval: refreshInterval,
  };
  const xdsServer =
    'socket' in server
      ? { server_uri: `unix:${server.socket}`, channel_creds: [{ type: 'insecure' }] }
      : { server_uri: server.address, channel_creds: [{ type: 'tls', config }] };
  return {
    xds_servers: [{ ...xdsServer, server_features: ['xds_v3'] }],
    node: { id: node, locality },
    certificate_providers: { [certificateProvider]: { plugin_name: 'file_watcher', config } },
  };
}
