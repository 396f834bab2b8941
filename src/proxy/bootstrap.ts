import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { err, ok, type Result } from '../lib/result.ts';

/** A resource as JSON: the message's fields in lowerCamelCase beside `typeUrl`. */
export interface StaticResource {
  readonly typeUrl: string;
  readonly [field: string]: unknown;
}

/** PEM texts. */
export interface BootstrapSecret {
  /** Leaf first. */
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly trustBundle: string;
}

const secretFields = ['certificateChain', 'privateKey', 'trustBundle'] as const satisfies (keyof BootstrapSecret)[];

/** What a proxy knows before any control plane answers. */
export interface ProxyBootstrap {
  /** The workload id, `NAMESPACE/POD`. */
  readonly node: string;
  readonly admin: { readonly address: string; readonly port: number };
  /** Where others read the metrics, and nothing else. */
  readonly metrics?: { readonly address: string; readonly port: number };
  /**
   * The ports to which the pod's connections are redirected. Then the listeners of the configuration are not bound to ports
   * of their own: where a connection was going chooses among them. `addresses` are the pod's, which the control plane may
   * not know yet.
   */
  readonly interception?: {
    readonly outboundPort: number;
    readonly inboundPort: number;
    readonly addresses?: readonly string[];
  };
  /** The SVID with which the proxy begins; without it, it speaks plain text only and has no inbound listener. */
  readonly secret?: BootstrapSecret;
  /** Paths of PEM files in place of `secret`, relative to the bootstrap's folder. */
  readonly secretFiles?: BootstrapSecret;
  readonly ads?: { readonly address: string; readonly port: number; readonly serverIdentity: string };
  /** Static configuration; with `ads`, used until the control plane answers. */
  readonly resources?: readonly StaticResource[];
  /** Where the last good configuration is kept (mode 0600). */
  readonly stateFile?: string;
  /** Tests only: the request header whose decimal value takes the place of randomness. */
  readonly testRandomHeader?: string;
  readonly drainMillis?: number;
  /** `ADDRESS` or `ADDRESS:PORT` of the DNS servers to ask for hosts outside the mesh; by default those of the system. */
  readonly dnsServers?: readonly string[];
  /** One JSON line on standard error for each request. */
  readonly accessLog?: boolean;
}

/** Reads a bootstrap from JSON text; the error names the field. */
export function parseBootstrap(text: string): Result<ProxyBootstrap, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return err(`the bootstrap is not JSON: ${(error as Error).message}`);
  }
  const fault = bootstrapFault(value);
  return fault === undefined ? ok(value as ProxyBootstrap) : err(`bootstrap: ${fault}`);
}

/** Puts the texts of `secretFiles` in the place of their paths; the error names the file. */
export function readSecretFiles(bootstrap: ProxyBootstrap, folder: string): Result<ProxyBootstrap, string> {
  const { secretFiles, ...rest } = bootstrap;
  if (secretFiles === undefined) return ok(bootstrap);
  try {
    const read = (path: string) => readFileSync(resolve(folder, path), 'utf8');
    const { certificateChain, privateKey, trustBundle } = secretFiles;
    const secret = {
      certificateChain: read(certificateChain),
      privateKey: read(privateKey),
      trustBundle: read(trustBundle),
    };
    return ok({ ...rest, secret });
  } catch (error) {
    return err(`bootstrap: secretFiles: ${(error as Error).message}`);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPort(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 65_535;
}

function isServers(value: unknown): boolean {
  const form = /^(.+?)(?::([0-9]{1,5}))?$/;
  const isServer = (text: unknown) =>
    typeof text === 'string' && (isIP(text) !== 0 || isIP(form.exec(text)?.[1]?.replace(/^\[|\]$/g, '') ?? '') !== 0);
  return Array.isArray(value) && value.every(isServer);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function bootstrapFault(value: unknown): string | undefined {
  if (!isObject(value)) return 'not an object';
  if (!isText(value.node)) return 'node: missing';
  const { admin, metrics, secret, secretFiles, ads, resources } = value;
  if (metrics !== undefined && (!isObject(metrics) || !isText(metrics.address) || !isPort(metrics.port))) {
    return 'metrics: address and port are needed';
  }
  if (!isObject(admin) || !isText(admin.address) || !isPort(admin.port)) return 'admin: address and port are needed';
  if (secret !== undefined && secretFiles !== undefined) return 'secretFiles: there is a secret already';
  const secretProblem = secretFault('secret', secret) ?? secretFault('secretFiles', secretFiles);
  if (secretProblem !== undefined) return secretProblem;
  if (ads !== undefined) {
    if (!isObject(ads) || !isText(ads.address) || !isPort(ads.port)) return 'ads: address and port are needed';
    if (!isText(ads.serverIdentity)) return 'ads.serverIdentity: missing';
    if ((secret ?? secretFiles) === undefined) return 'secret: needed to speak to the control plane';
  }
  if (resources !== undefined) {
    if (!Array.isArray(resources)) return 'resources: not a list';
    const bad = resources.findIndex((resource) => !isObject(resource) || !isText(resource.typeUrl));
    if (bad >= 0) return `resources[${bad}].typeUrl: missing`;
  }
  return optionFault(value);
}

function secretFault(name: string, secret: unknown): string | undefined {
  if (secret === undefined) return undefined;
  if (!isObject(secret)) return `${name}: not an object`;
  const missing = secretFields.find((field) => !isText(secret[field]));
  return missing === undefined ? undefined : `${name}.${missing}: missing`;
}

function optionFault(value: Fields): string | undefined {
  for (const field of ['stateFile', 'testRandomHeader']) {
    if (value[field] !== undefined && !isText(value[field])) return `${field}: not a text`;
  }
  const { drainMillis, accessLog, dnsServers, interception } = value;
  if (interception !== undefined) {
    const ports = isObject(interception) ? [interception.outboundPort, interception.inboundPort] : [];
    if (ports.length === 0 || !ports.every(isPort)) return 'interception: outboundPort and inboundPort are needed';
    const { addresses = [] } = interception as Fields;
    if (!(Array.isArray(addresses) && addresses.every((address) => isText(address) && isIP(address) !== 0)))
      return 'interception.addresses: not a list of addresses';
  }
  if (drainMillis !== undefined && !(typeof drainMillis === 'number' && drainMillis >= 0))
    return 'drainMillis: not a number';
  if (dnsServers !== undefined && !isServers(dnsServers)) return 'dnsServers: not a list of ADDRESS or ADDRESS:PORT';
  if (accessLog !== undefined && typeof accessLog !== 'boolean') return 'accessLog: neither true nor false';
  return undefined;
}
