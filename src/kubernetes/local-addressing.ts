import { compareText } from '../lib/collections.ts';
import { dataPlaneKinds, podAnnotations, sidecarPorts } from './names.ts';
import { containerPorts, resolveTargetPort, selects } from './pods.ts';
import type { PodObject, ServiceObject } from './types.ts';

/**
 * Where a pod's ports live when it runs without a network of its own. The program listens on the pod's address at `app`,
 * its sidecar at `mesh`, and the sidecar takes outbound connections at one port for each service port.
 */

/** Container port to ports on the pod's address: `{"14001":{"mesh":14001,"app":16000}}`; a UDP port is `"53/udp"`. */
export const localPortsAnnotation = 'smi-mesh.io/local-ports';
/**
 * Outbound listeners on the pod's address: `[{"service":"default/bookstore","port":14001,"listen":20000}]`; of a UDP port with
 * `"udp":true`.
 */
export const localOutboundAnnotation = 'smi-mesh.io/local-outbound';
/** Port of a sidecar's admin endpoint on its pod's address. */
export const localAdminPort = sidecarPorts.admin;

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
  readonly udp?: true;
  readonly listen: number;
}

type Annotated = { readonly meta: { readonly annotations: Readonly<Record<string, string>> } };

/**
 * A pod that exists in a cluster has the sidecar that was injected into it, and none beside it, nor in the network of its
 * node; a pod in a file has one unless it says otherwise, as has one of a cluster whose sidecars are of a foreign mesh.
 */
export function hasSidecar(
  pod: Annotated & Pick<PodObject, 'uid' | 'hostNetwork'>,
  sidecars: 'own' | 'foreign' = 'own',
): boolean {
  const { annotations } = pod.meta;
  if (pod.uid === undefined || (sidecars === 'foreign' && pod.hostNetwork !== true)) {
    return annotations[podAnnotations.sidecar] !== 'disabled';
  }
  const injected = annotations[podAnnotations.injected];
  return pod.hostNetwork !== true && dataPlaneKinds.some((kind) => kind === injected);
}

/** By container port (`8080`, `53/udp`); `undefined` when the annotation is absent or is not of the documented form. */
export function parseLocalPorts(pod: Annotated): ReadonlyMap<string, LocalPort> | undefined {
  const value = parseJson(pod.meta.annotations[localPortsAnnotation]);
  if (!isRecord(value)) return undefined;
  const ports = new Map<string, LocalPort>();
  for (const [key, entry] of Object.entries(value)) {
    if (
      !isPort(Number(key.replace(/\/udp$/, ''))) ||
      !isRecord(entry) ||
      !isPort(entry['mesh']) ||
      !isPort(entry['app'])
    )
      return undefined;
    ports.set(key, { mesh: entry['mesh'], app: entry['app'] });
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
    const { service, port, udp, listen } = entry;
    if (typeof service !== 'string' || !isPort(port) || !isPort(listen)) return undefined;
    if (udp !== undefined && udp !== true) return undefined;
    bindings.push({ service, port, ...(udp === undefined ? {} : { udp }), listen });
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
  old: ReadonlyMap<string, LocalPort>,
): ReadonlyMap<string, LocalPort> {
  const wanted = reachablePorts(pod, services);
  const taken = new Set(wanted.flatMap((key) => Object.values(old.get(key) ?? {})));
  const take = (port: number) => {
    taken.add(port);
    return port;
  };
  return new Map(
    wanted.map((key) => {
      const existing = old.get(key);
      if (existing !== undefined) return [key, existing];
      const port = Number.parseInt(key, 10);
      const usable = port >= 1024 && port < localAdminPort && !taken.has(port);
      const mesh = take(usable ? port : firstFree(firstSpareMeshPort, taken));
      // Without a sidecar the program itself answers on the port that others use.
      const app = hasSidecar(pod) ? take(firstFree(firstAppPort, taken)) : mesh;
      return [key, { mesh, app }];
    }),
  );
}

function assignOutbound(services: readonly ServiceObject[], old: readonly LocalOutbound[]): readonly LocalOutbound[] {
  const wanted = services
    .flatMap(({ meta, ports }) =>
      ports
        .filter(({ protocol }) => protocol !== 'SCTP')
        .map(({ port, protocol }) => ({
          service: `${meta.namespace}/${meta.name}`,
          port,
          ...(protocol === 'UDP' ? { udp: true as const } : {}),
        })),
    )
    .sort((a, b) => compareText(bindingKey(a), bindingKey(b)));
  const listens = new Map(old.map((binding) => [bindingKey(binding), binding.listen]));
  const taken = new Set(wanted.map((binding) => listens.get(bindingKey(binding)) ?? 0));
  return wanted.map((binding) => {
    const listen = listens.get(bindingKey(binding)) ?? firstFree(firstOutboundPort, taken);
    taken.add(listen);
    return { ...binding, listen };
  });
}

/** In the order of service, port number, TCP before UDP. */
function bindingKey({ service, port, udp }: Omit<LocalOutbound, 'listen'>): string {
  return `${service} ${String(port).padStart(5, '0')}${udp === true ? '/udp' : ''}`;
}

/** Container ports that are declared or that a Service reaches, ascending, UDP ports last: `8080`, `53/udp`. */
function reachablePorts(pod: PodObject, services: readonly ServiceObject[]): readonly string[] {
  return (['TCP', 'UDP'] as const).flatMap((wanted) => {
    const declared = containerPorts(pod.spec)
      .filter(({ protocol }) => protocol === wanted)
      .map(({ containerPort }) => containerPort);
    const reached = services
      .filter((service) => selects(service, pod))
      .flatMap((service) => service.ports.filter(({ protocol }) => protocol === wanted))
      .flatMap((port) => resolveTargetPort(pod.spec, port) ?? []);
    const numbers = [...new Set([...declared, ...reached])].sort((a, b) => a - b);
    return numbers.map((port) => (wanted === 'UDP' ? `${port}/udp` : String(port)));
  });
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
