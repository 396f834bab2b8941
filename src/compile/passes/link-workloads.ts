import { diagnostic } from '../../diagnostics/diagnostic.ts';
import {
  hasSidecar,
  type LocalPort,
  localOutboundAnnotation,
  localPortsAnnotation,
  parseLocalOutbound,
  parseLocalPorts,
} from '../../kubernetes/local-addressing.ts';
import { containerPorts, ownerChain } from '../../kubernetes/pods.ts';
import type { ContainerPortObject, PodObject } from '../../kubernetes/types.ts';
import { compareText } from '../../lib/collections.ts';
import type { Stage } from '../../lib/incremental/stage.ts';
import { Table } from '../../lib/incremental/table.ts';
import { spiffeId, workloadSetId } from '../../model/ids.ts';
import { comparePorts, findPort, parsePortKey, portKey, transportOf } from '../../model/ports.ts';
import type {
  NamespaceId,
  OutboundBinding,
  Protocol,
  Service,
  ServiceId,
  Workload,
  WorkloadId,
  WorkloadPort,
} from '../../model/types.ts';
import { localityOf, type Places, placesOf } from '../locality.ts';
import { protocolOf, speaksHttp2 } from '../protocol.ts';
import type { CompileState, PassContext, ReachingPort, WorkloadFace } from '../state.ts';
import { at } from '../state.ts';

/** Where a program listens beside a sidecar that takes the ports of the machine's own address. */
const loopback = '127.0.0.1';

/**
 * Pods with their identity, the ports that their sidecars serve, and where those take outbound connections. Their sets are
 * those of their accounts so far.
 */
export function linkWorkloads(
  pods: Stage<WorkloadId, PodObject>,
  state: Pick<CompileState, 'services' | 'reaching'>,
  context: PassContext,
): Table<WorkloadId, Workload> {
  const places = placesOf(context);
  return new Table(context.graph, [pods], (id) => {
    const pod = pods.get(id);
    if (pod === undefined) return undefined;
    const reaching = state.reaching.get(id) ?? [];
    const ready = pod.ready ?? true;
    const workload = workloadOf(id, pod, reachedPorts(reaching), places, state.services, context);
    return ready || (pod.ends && standsIn(reaching, pods, state.services)) ? workload : { ...workload, ready: false };
  });
}

/** Whether a pod that is being deleted is all that a Service has: as kube-proxy does, it is called until it has ended. */
function standsIn(
  reaching: readonly ReachingPort[],
  pods: Stage<WorkloadId, PodObject>,
  services: CompileState['services'],
): boolean {
  const isReady = ({ workload }: { readonly workload: WorkloadId }) => pods.get(workload)?.ready ?? true;
  return reaching.some(({ service, port, protocol }) => {
    const found = findPort(services.get(service)?.ports ?? [], port, transportOf(protocol));
    return found !== undefined && !found.targets.some(isReady);
  });
}

/** What of the workloads decides about access. */
export function facesOf(
  workloads: Table<WorkloadId, Workload>,
  { graph }: PassContext,
): Table<WorkloadId, WorkloadFace> {
  return new Table(graph, [workloads], (id) => {
    const workload = workloads.get(id);
    if (workload === undefined) return undefined;
    const { namespace, serviceAccount, identity, addresses, ports, origins } = workload;
    return { id, namespace, serviceAccount, identity, addresses, ports, origins };
  });
}

/** The protocols that Services speak to each container port (by its key), with the Services. */
type Reached = ReadonlyMap<string, ReadonlyMap<Spoken, ServiceId>>;
type Spoken = Protocol | 'http2';

function reachedPorts(reaching: readonly ReachingPort[]): Reached {
  const ports = new Map<string, Map<Spoken, ServiceId>>();
  for (const { service, protocol, http2, containerPort } of reaching) {
    const key = portKey(containerPort, transportOf(protocol));
    ports.set(key, (ports.get(key) ?? new Map<Spoken, ServiceId>()).set(http2 ? 'http2' : protocol, service));
  }
  return ports;
}

function workloadOf(
  id: WorkloadId,
  pod: PodObject,
  reached: Reached,
  places: Places,
  services: CompileState['services'],
  context: PassContext,
): Workload {
  const { namespace, name, labels } = pod.meta;
  const account = pod.spec.serviceAccountName;
  const locality = localityOf(pod, places);
  return {
    id,
    namespace: namespace as NamespaceId,
    name,
    serviceAccount: account,
    identity: spiffeId(context.options.trustDomain, namespace, account),
    set: workloadSetId(namespace, account),
    addresses: pod.ips,
    labels: Object.fromEntries(Object.entries(labels).sort(([a], [b]) => compareText(a, b))),
    ready: true,
    ...(locality === undefined ? {} : { locality }),
    transport: hasSidecar(pod, context.options.sidecars) ? 'mtls' : 'plain',
    ports: portsOf(id, pod, reached, context),
    owners: ownerChain(pod),
    outbound: outboundOf(pod, services, context),
    origins: [at(pod, '')],
  };
}

function portsOf(id: WorkloadId, pod: PodObject, reached: Reached, context: PassContext): readonly WorkloadPort[] {
  const declared = containerPorts(pod.spec).filter(({ protocol }) => protocol !== 'SCTP');
  const keyOf = ({ containerPort, protocol }: ContainerPortObject) =>
    portKey(containerPort, protocol === 'UDP' ? 'udp' : 'tcp');
  const keys = new Set([...declared.map(keyOf), ...reached.keys()]);
  const local = readAnnotation(pod, localPortsAnnotation, parseLocalPorts, context) ?? new Map<string, LocalPort>();
  const address = pod.ips[0];
  return [...keys]
    .map((key): WorkloadPort => {
      const { port, transport } = parsePortKey(key);
      const named = declared.find((each) => keyOf(each) === key && each.name !== undefined)?.name;
      const bound = address === undefined ? undefined : local.get(key);
      return {
        port,
        ...(named === undefined ? {} : { name: named }),
        ...(transport === 'udp' ? { protocol: 'udp' } : served(id, pod, port, named, reached.get(key), context)),
        meshPort: bound?.mesh ?? port,
        app: bound === undefined || address === undefined ? { address: loopback, port } : { address, port: bound.app },
      };
    })
    .sort(comparePorts);
}

/**
 * What Services say; where they differ bytes, on which HTTP rules grant nothing, or HTTP/1.1 where it is only its version
 * that they differ in; without a Service the port's own name.
 */
function served(
  id: WorkloadId,
  pod: PodObject,
  port: number,
  name: string | undefined,
  spoken: ReadonlyMap<Spoken, ServiceId> | undefined,
  context: PassContext,
): Pick<WorkloadPort, 'protocol' | 'http2'> {
  if (spoken === undefined || spoken.size === 0) {
    const named = name === undefined ? {} : { name };
    return { protocol: protocolOf(named), ...(speaksHttp2(named) ? { http2: true } : {}) };
  }
  if (spoken.size > 1) {
    const said = [...spoken].map(([protocol, service]) => `${protocol} by Service ${service}`).join(', ');
    context.report(
      diagnostic('SMI4018', { message: `container port ${port} of pod ${id} is ${said}`, origin: at(pod, '') }),
    );
  }
  if (spoken.has('tcp')) return { protocol: 'tcp' };
  return { protocol: 'http', ...(spoken.has('http') ? {} : { http2: true }) };
}

function outboundOf(pod: PodObject, services: CompileState['services'], context: PassContext): Workload['outbound'] {
  const local = readAnnotation(pod, localOutboundAnnotation, parseLocalOutbound, context);
  const address = pod.ips[0];
  if (local === undefined || address === undefined) return 'intercepted';
  return local
    .flatMap(({ service, port, udp, listen }): OutboundBinding[] => {
      const target: Service | undefined = services.get(service as ServiceId);
      if (findPort(target?.ports ?? [], port, udp ? 'udp' : 'tcp') === undefined) return [];
      return [{ service: service as ServiceId, port, ...(udp ? { udp } : {}), listen: { address, port: listen } }];
    })
    .sort(
      (a, b) => compareText(a.service, b.service) || a.port - b.port || Number(a.udp ?? false) - Number(b.udp ?? false),
    );
}

function readAnnotation<T>(
  pod: PodObject,
  annotation: string,
  parse: (pod: PodObject) => T | undefined,
  context: PassContext,
): T | undefined {
  const value = parse(pod);
  if (value === undefined && pod.meta.annotations[annotation] !== undefined) {
    context.report(
      diagnostic('SMI4021', {
        message: `the annotation ${annotation} of pod ${pod.meta.namespace}/${pod.meta.name} is not of its documented form`,
        origin: at(pod, `metadata.annotations["${annotation}"]`),
      }),
    );
  }
  return value;
}
