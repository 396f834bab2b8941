import { err, type NonEmpty, ok, type Result } from '../../src/adapter/index.ts';
import { type Diagnostic, diagnostic } from '../../src/diagnostics/diagnostic.ts';
import type { Propagation } from '../../src/model/tracing.ts';

/** Paths of PEM files on the machine where Envoy runs. Keys travel by reference only. */
export interface CertificateFiles {
  /** Leaf first. */
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly trustBundle: string;
}

interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

export interface InterceptionPorts {
  readonly outbound: number;
  readonly inbound: number;
}

export interface EnvoyOptions {
  readonly certificates: CertificateFiles;
  /** `ads`: the control plane gives certificate and roots as secrets (`emit/secrets.ts`), and the files are not read. */
  readonly secrets?: 'ads';
  /** Where Envoy's admin endpoint listens; by default port 15001 of the pod's own loopback address, else of 127.0.0.1. */
  readonly admin?: SocketAddress;
  /** The DNS servers to ask for hosts outside the mesh; by default those of the system. */
  readonly dnsServers?: readonly SocketAddress[];
  /** PEM file of the authorities that vouch for `https` hosts that tokens' keys come from; by default that of Debian. */
  readonly webRoots?: string;
  /** Where access logs go, and of which requests; by default those that are refused, to `/dev/stderr`. */
  readonly accessLog?: { readonly path: string; readonly requests: 'all' | 'denied' };
  /**
   * A collector that takes spans by OTLP, over gRPC unless told otherwise, and the share of the traces begun here that it gets, in percent;
   * by default all. It takes the place of what MeshConfig says.
   */
  readonly tracing?: {
    readonly collector: SocketAddress;
    readonly protocol?: 'grpc' | 'http';
    readonly sampling?: number;
    /** As MeshConfig says it; for `b3` and `b3multi` the context is taken from several headers of B3, too. */
    readonly propagation?: readonly Propagation[];
  };
  /**
   * Where all connections of intercepted workloads are redirected to (iptables REDIRECT), those of their programs and those to
   * them; without it their sidecars listen at each port number themselves.
   */
  readonly interception?: InterceptionPorts;
  /**
   * Envoy streams what it carried to whoever counts beside it: to a Unix socket, or `bootstrap`: its own bootstrap says where, as
   * `adsBootstrap` does. Absent: nobody counts.
   */
  readonly telemetry?: 'bootstrap' | { readonly socket: string };
  /** Tests only: the request header whose decimal value takes the place of randomness among weighted backends. */
  readonly testRandomHeader?: string;
}

const certificateFields = ['certificateChain', 'privateKey', 'trustBundle'] as const;

const optionNames = [
  'certificates',
  'secrets',
  'admin',
  'dnsServers',
  'webRoots',
  'accessLog',
  'tracing',
  'interception',
  'telemetry',
  'testRandomHeader',
] as const;

const defaults: EnvoyOptions = {
  certificates: {
    certificateChain: '/var/run/smi-mesh/certificate-chain.pem',
    privateKey: '/var/run/smi-mesh/private-key.pem',
    trustBundle: '/var/run/smi-mesh/trust-bundle.pem',
  },
};

/** Reads options from plain JSON; what is absent has its default, what is unknown or of the wrong type is refused. */
export function parseEnvoyOptions(input: unknown): Result<EnvoyOptions, NonEmpty<Diagnostic>> {
  if (input === undefined) return ok(defaults);
  const fault = optionsFault(input);
  if (fault !== undefined) return err([diagnostic('SMI5003', { message: `Envoy option ${fault}` })]);
  const given = input as Partial<EnvoyOptions>;
  return ok({ ...defaults, ...given, certificates: { ...defaults.certificates, ...given.certificates } });
}

function optionsFault(input: unknown): string | undefined {
  if (!isObject(input)) return 'values must be an object';
  const unknown = unknownKey(input, optionNames);
  if (unknown !== undefined) return `${unknown} is not known`;
  const { certificates, secrets, admin, dnsServers, webRoots, accessLog, tracing } = input;
  const { interception, telemetry, testRandomHeader } = input;
  if (certificates !== undefined && !areCertificates(certificates)) {
    return `certificates must hold file paths as ${certificateFields.join(', ')}`;
  }
  if (secrets !== undefined && secrets !== 'ads') return 'secrets must be ads, or absent for files';
  if (admin !== undefined && !isAddress(admin)) return 'admin must hold address and port';
  if (dnsServers !== undefined && !(Array.isArray(dnsServers) && dnsServers.every(isAddress))) {
    return 'dnsServers must be a list of address and port';
  }
  if (webRoots !== undefined && !isText(webRoots)) return 'webRoots must be a file path';
  if (accessLog !== undefined && !isAccessLog(accessLog)) {
    return 'accessLog must hold path, and requests as all or denied';
  }
  if (tracing !== undefined && !isTracing(tracing)) {
    return 'tracing must hold collector as address and port, protocol as grpc or http, sampling as a percentage, and propagation as w3c, b3 or b3multi';
  }
  if (interception !== undefined && !isInterception(interception))
    return 'interception must hold outbound and inbound, two ports';
  if (telemetry !== undefined && !isTelemetry(telemetry))
    return 'telemetry must be bootstrap, or hold socket as a path';
  if (testRandomHeader !== undefined && !isText(testRandomHeader)) return 'testRandomHeader must be a header name';
  return undefined;
}

function areCertificates(value: unknown): boolean {
  return isObject(value) && unknownKey(value, certificateFields) === undefined && Object.values(value).every(isText);
}

function isAccessLog(value: unknown): boolean {
  if (!isObject(value) || unknownKey(value, ['path', 'requests']) !== undefined) return false;
  return isText(value.path) && (value.requests === 'all' || value.requests === 'denied');
}

function isInterception(value: unknown): boolean {
  if (!isObject(value) || unknownKey(value, ['outbound', 'inbound']) !== undefined) return false;
  return isPort(value.outbound) && isPort(value.inbound) && value.outbound !== value.inbound;
}

function isTelemetry(value: unknown): boolean {
  return (
    value === 'bootstrap' || (isObject(value) && unknownKey(value, ['socket']) === undefined && isText(value.socket))
  );
}

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535;
}

const propagations: readonly unknown[] = ['w3c', 'b3', 'b3multi'] satisfies Propagation[];

function isTracing(value: unknown): boolean {
  if (!isObject(value) || unknownKey(value, ['collector', 'protocol', 'sampling', 'propagation']) !== undefined)
    return false;
  const { collector, protocol = 'grpc', sampling = 100, propagation = [] } = value;
  if (!Array.isArray(propagation) || !propagation.every((form) => propagations.includes(form))) return false;
  if (protocol !== 'grpc' && protocol !== 'http') return false;
  return isAddress(collector) && typeof sampling === 'number' && sampling >= 0 && sampling <= 100;
}

function isAddress(value: unknown): boolean {
  if (!isObject(value) || unknownKey(value, ['address', 'port']) !== undefined || !isText(value.address)) return false;
  return isPort(value.port);
}

function unknownKey(value: Readonly<Record<string, unknown>>, known: readonly string[]): string | undefined {
  return Object.keys(value).find((key) => !known.includes(key));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
