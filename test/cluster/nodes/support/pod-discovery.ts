import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { at, itemsOf } from '../../../../src/install/kinds.ts';
import type { Lab } from '../../lab/lab.ts';

/** Tells a Prometheus which pods there are, as its own `kubernetes_sd_configs` of role `pod` would. */
export interface PodDiscovery {
  /** Where pods are asked for: those of a namespace, or all. */
  readonly url: (namespace?: string) => string;
  stop(): void;
}

export async function servePodDiscovery(lab: Lab): Promise<PodDiscovery> {
  const server = createServer((request, response) => {
    const namespace = new URL(`http://pods${request.url}`).searchParams.get('namespace');
    const which = namespace === null ? '--all-namespaces' : `--namespace=${namespace}`;
    lab
      .must(['get', 'pods', which, '--output=json'])
      .then((pods) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(itemsOf(JSON.parse(pods)).flatMap(targetsOf)));
      })
      .catch(() => response.writeHead(503).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    url: (namespace) => (namespace === undefined ? base : `${base}?namespace=${namespace}`),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

const prefix = '__meta_kubernetes_pod';

/** One for each port of a container, and one for a container without; none of a pod without an address. */
function targetsOf(pod: unknown): readonly object[] {
  const address = at(pod, 'status', 'podIP');
  if (typeof address !== 'string') return [];
  const labels: Record<string, unknown> = {
    __meta_kubernetes_namespace: at(pod, 'metadata', 'namespace'),
    [`${prefix}_name`]: at(pod, 'metadata', 'name'),
    [`${prefix}_ip`]: address,
    [`${prefix}_phase`]: at(pod, 'status', 'phase'),
  };
  for (const [name, value] of Object.entries(at(pod, 'metadata', 'labels') ?? {})) {
    const sanitized = name.replace(/[^a-zA-Z0-9_]/g, '_');
    labels[`${prefix}_label_${sanitized}`] = value;
    labels[`${prefix}_labelpresent_${sanitized}`] = 'true';
  }
  return (['containers', 'initContainers'] as const).flatMap((list) =>
    itemsOf({ items: at(pod, 'spec', list) }).flatMap((container) => {
      const own = {
        ...labels,
        [`${prefix}_container_name`]: container.name,
        [`${prefix}_container_init`]: String(list === 'initContainers'),
      };
      const ports = itemsOf({ items: container.ports });
      if (ports.length === 0) return [{ targets: [address], labels: own }];
      return ports.map(({ name = '', containerPort, protocol }) => ({
        targets: [`${address}:${containerPort}`],
        labels: {
          ...own,
          [`${prefix}_container_port_name`]: name,
          [`${prefix}_container_port_number`]: String(containerPort),
          [`${prefix}_container_port_protocol`]: protocol,
        },
      }));
    }),
  );
}
