import { compareText } from '../lib/collections.ts';
import { containerPorts, resolveTargetPort, selects } from './pods.ts';
import type { PodObject, ServiceObject } from './types.ts';

/**
 * Where a pod's ports live when it runs without a network of its own. The program listens on the pod's address at `app`,
 * its sidecar at `mesh`, and the sidecar takes outbound connections at one port for each service port.
 */

/** Container port (decimal) to ports on the pod's address: `{"14001":{"mesh":14001,"app":16000}}`. */
export const localPortsAnnotation = 'smi-mesh.io/local-ports';
/** Outbound listeners on the pod's address: `[{"service":"default/bookstore","port":14001,"listen":20000}]`. */
export const localOutboundAnnotation = 'smi-mesh.io/local-outbound';
/** `disabled`: the pod has no sidecar and is reached in plain text. */
const sidecarAnnotation = 'smi-mesh.io/sidecar';
/** Port of a sidecar's admin endpoint on its pod's address. */
export const localAdminPort = 15_000;

const firstAppPort = 16_000;
const firstSpareMeshPort = 17_000;
const firstOutboundPort = 20_000;
const podsPerOctet = 250;

export interface LocalPort {
  readonly mesh: number;
  readonly app: number;
}

export interface LocalOutbound {
  /** `NAMESPACE/NAME`. */
  readonly service: string;
  readonly port: number;
  readonly listen: number;
}

type Annotated = { readonly meta: { readonly annotations: Readonly<Record<string, string>> } };

export function hasSidecar(pod: Annotated): boolean {
  return pod.meta.annotations[sidecarAnnotation] !== 'disabled';
}

/** By container port; `undefined` when the annotation is absent or is not of the documented form. */
export function parseLocalPorts(pod: Annotated): ReadonlyMap<number, LocalPort> | undefined {
  const value = parseJson(pod.meta.annotations[localPortsAnnotation]);
  if (!isRecord(value)) return undefined;
  const ports = new Map<number, LocalPort>();
  for (const [key, entry] of Object.entries(value)) {
    const port = Number(key);
    if (!isPort(port) || !isRecord(entry) || !isPort(entry['mesh']) || !isPort(entry['app'])) return undefined;
    ports.set(port, { mesh: entry['mesh'], app: entry['app'] });
  }
  return ports;
}

/** `undefined` when the annotation is absent or is not of the documented form. */
export function parseLocalOutbound(pod: Annotated): readonly LocalOutbound[] | undefined {
  const value = parseJson(pod.meta.annotations[localOutboundAnnotation]);
  if (!Array.isArray(value)) return undefined;
  const bindings: LocalOutbound[] = [];
  for (const entry of value as readonly unknown[]) {
    if (!isRecord(entry)) return undefined;
    const { service, port, listen } = entry;
    if (typeof service !== 'string' || !isPort(port) || !isPort(listen)) return undefined;
    bindings.push({ service, port, listen });
  }
  return bindings;
}

/**
 * Gives every pod an address `127.BASE.x.y` and its ports, written as `ips` and annotations. What a pod of the same
 * namespace and name had in `previous` (an earlier result) stays: new pods, ports and services never move others.
 */
export function assignLocal(
  previous: readonly PodObject[],
  pods: readonly PodObject[],
  services: readonly ServiceObject[],
  base: number,
): readonly PodObject[] {
  const before = new Map(previous.map((pod) => [podName(pod), pod]));
  const kept = new Set(pods.flatMap((pod) => before.get(podName(pod))?.ips ?? []));
  const fresh = freeAddresses(base, kept);
  return pods.map((pod) => {
    const old = before.get(podName(pod));
    const address = old?.ips[0] ?? fresh();
    const ports = assignPorts(pod, services, (old && parseLocalPorts(old)) ?? new Map());
    const outbound = assignOutbound(services, (old && parseLocalOutbound(old)) ?? []);
    const annotations = {
      ...pod.meta.annotations,
      [localPortsAnnotation]: JSON.stringify(Object.fromEntries(ports)),
      [localOutboundAnnotation]: JSON.stringify(outbound),
    };
    return { ...pod, meta: { ...pod.meta, annotations }, ips: [address] };
  });
}

function assignPorts(
  pod: PodObject,
  services: readonly ServiceObject[],
  old: ReadonlyMap<number, LocalPort>,
): ReadonlyMap<number, LocalPort> {
  const wanted = reachablePorts(pod, services);
  const kept = wanted.filter((port) => old.has(port)).map((port) => old.get(port));
  const taken = new Set(kept.flatMap((port) => (port === undefined ? [] : [port.mesh, port.app])));
  const take = (port: number) => {
    taken.add(port);
    return port;
  };
  return new Map(
    wanted.map((port) => {
      const existing = old.get(port);
      if (existing !== undefined) return [port, existing];
      const usable = port >= 1024 && port < localAdminPort && !taken.has(port);
      const mesh = take(usable ? port : firstFree(firstSpareMeshPort, taken));
      // Without a sidecar the program itself answers on the port that others use.
      const app = hasSidecar(pod) ? take(firstFree(firstAppPort, taken)) : mesh;
      return [port, { mesh, app }];
    }),
  );
}

function assignOutbound(services: readonly ServiceObject[], old: readonly LocalOutbound[]): readonly LocalOutbound[] {
  const wanted = services
    .flatMap(({ meta, ports }) =>
      ports
        .filter(({ protocol }) => protocol === 'TCP')
        .map(({ port }) => ({ service: `${meta.namespace}/${meta.name}`, port })),
    )
    .sort((a, b) => compareText(a.service, b.service) || a.port - b.port);
  const listens = new Map(old.map((binding) => [`${binding.service}:${binding.port}`, binding.listen]));
  const taken = new Set(wanted.map(({ service, port }) => listens.get(`${service}:${port}`) ?? 0));
  return wanted.map(({ service, port }) => {
    const listen = listens.get(`${service}:${port}`) ?? firstFree(firstOutboundPort, taken);
    taken.add(listen);
    return { service, port, listen };
  });
}

/** TCP container ports that are declared or that a Service reaches, ascending. */
function reachablePorts(pod: PodObject, services: readonly ServiceObject[]): readonly number[] {
  const declared = containerPorts(pod.spec)
    .filter(({ protocol }) => protocol === 'TCP')
    .map(({ containerPort }) => containerPort);
  const reached = services
    .filter((service) => selects(service, pod))
    .flatMap((service) => service.ports.filter(({ protocol }) => protocol === 'TCP'))
    .flatMap((port) => resolveTargetPort(pod.spec, port) ?? []);
  return [...new Set([...declared, ...reached])].sort((a, b) => a - b);
}

function freeAddresses(base: number, taken: ReadonlySet<string>): () => string {
  let index = 0;
  return () => {
    for (;;) {
      const address = `127.${base}.${Math.floor(index / podsPerOctet)}.${(index % podsPerOctet) + 1}`;
      index += 1;
      if (!taken.has(address)) return address;
    }
  };
}

function firstFree(start: number, taken: ReadonlySet<number>): number {
  let port = start;
  while (taken.has(port)) port += 1;
  return port;
}

function podName({ meta }: PodObject): string {
  return `${meta.namespace}/${meta.name}`;
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}
