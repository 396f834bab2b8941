import { createCompiler, defaultCompileOptions, type MeshInput } from '../../src/compile/index.ts';
import { objectKey } from '../../src/diagnostics/origin.ts';
import type { ObjectMeta } from '../../src/kubernetes/types.ts';
import type { MeshModel, OutboundBinding, WorkloadId } from '../../src/model/types.ts';

/** The workload whose sidecar is asked for: it reaches every service. */
export const client = 'shop/client' as WorkloadId;

const servicesPerNamespace = 100;
const port = 8080;

/**
 * A mesh in which every service has some pods and a split between its own pods and those of the next service. The weights
 * are what a rollout moves. Everybody may call everybody.
 */
export function meshModel(
  services: number,
  endpointsPerService: number,
  weights: readonly [number, number],
): MeshModel {
  const settings = { ...defaultCompileOptions.settings, accessMode: 'allow' as const };
  const input = meshInput(services, endpointsPerService, weights);
  const { model } = createCompiler().compile(input, { ...defaultCompileOptions, settings });
  const workload = model.workloads[client];
  if (workload === undefined) throw new Error('the mesh has no client');
  const outbound = Object.values(model.services).map(({ id }, index): OutboundBinding => {
    const [third, fourth] = [Math.floor(index / 250) + 1, (index % 250) + 1];
    return { service: id, port, listen: { address: `127.1.${third}.${fourth}`, port } };
  });
  return { ...model, workloads: { ...model.workloads, [client]: { ...workload, outbound } } };
}

function meshInput(services: number, endpointsPerService: number, [most, rest]: readonly [number, number]): MeshInput {
  const names = Array.from({ length: services }, (_, index) => nameOf(index));
  const pods = names.flatMap((name, index) =>
    Array.from({ length: endpointsPerService }, (_, pod) =>
      podOf(name, `${name.name}-${pod}`, index * endpointsPerService + pod),
    ),
  );
  return {
    services: names.map((name) => ({
      meta: meta('', 'Service', name),
      type: 'ClusterIP',
      clusterIPs: [],
      selector: { app: name.name },
      ports: [{ name: 'http', port, protocol: 'TCP', targetPort: port }],
    })),
    serviceAccounts: names.map((name) => ({ meta: meta('', 'ServiceAccount', name) })),
    pods: [
      ...pods,
      {
        ...podOf({ namespace: 'shop', name: 'client' }, 'client', pods.length),
        spec: { serviceAccountName: 'client', containers: [] },
      },
    ],
    deployments: [],
    splits: names.map((name, index) => ({
      meta: meta('split.smi-spec.io', 'TrafficSplit', name),
      service: name.name,
      backends: [
        { service: name.name, weight: most },
        { service: nextOf(index, services).name, weight: rest },
      ],
    })),
    targets: [],
    routeGroups: [],
    tcpRoutes: [],
  };
}

interface Name {
  readonly namespace: string;
  readonly name: string;
}

function nameOf(index: number): Name {
  const namespace = `team-${Math.floor(index / servicesPerNamespace)}`;
  return { namespace, name: `service-${index}` };
}

/** The next service of the same namespace. */
function nextOf(index: number, services: number): Name {
  const first = index - (index % servicesPerNamespace);
  const inNamespace = Math.min(servicesPerNamespace, services - first);
  return nameOf(first + ((index - first + 1) % inNamespace));
}

function podOf({ namespace, name }: Name, pod: string, number: number): MeshInput['pods'][number] {
  const address = `10.${Math.floor(number / 62_500)}.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`;
  return {
    meta: { ...meta('', 'Pod', { namespace, name: pod }), labels: { app: name } },
    spec: {
      serviceAccountName: name,
      containers: [{ name: 'app', command: [], args: [], env: [], ports: [{ containerPort: port, protocol: 'TCP' }] }],
    },
    ips: [address],
    ready: true,
  };
}

function meta(group: string, kind: string, { namespace, name }: Name): ObjectMeta {
  return { key: objectKey(group, kind, namespace, name), namespace, name, labels: {}, annotations: {}, owners: [] };
}
