import { deployment, list, service } from './workloads.ts';

export const planes = ['proxy', 'envoy'] as const;
type Plane = (typeof planes)[number];

/** Where its Service is found without DNS. */
const addresses: Readonly<Record<Plane, string>> = { proxy: '10.96.90.1', envoy: '10.96.90.2' };
const port = 8080;

/**
 * For each data plane a Service with one server on each of some nodes, a client on each that may call it, and on the first one that
 * may not. Versions of answers are the nodes. `more` objects go with them.
 */
export function twoPlanes(nodes: readonly [string, ...string[]], more: readonly unknown[] = []): string {
  return list(
    ...['server', 'buyer', 'thief'].map((name) => ({
      ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } },
    })),
    {
      ...{ apiVersion: 'specs.smi-spec.io/v1alpha4', kind: 'HTTPRouteGroup' },
      metadata: { name: 'all', namespace: 'default' },
      spec: { matches: [{ name: 'all', pathRegex: '/.*', methods: ['*'] }] },
    },
    {
      ...{ apiVersion: 'access.smi-spec.io/v1alpha4', kind: 'TrafficTarget' },
      metadata: { name: 'buyers', namespace: 'default' },
      spec: {
        destination: { kind: 'ServiceAccount', name: 'server', namespace: 'default' },
        sources: [{ kind: 'ServiceAccount', name: 'buyer', namespace: 'default' }],
        rules: [{ kind: 'HTTPRouteGroup', name: 'all' }],
      },
    },
    ...planes.flatMap((plane) => [
      service(`server-${plane}`, 'default', port, { clusterIP: addresses[plane] }),
      ...nodes.flatMap((node) => [server(plane, node), client(plane, 'buyer', node, 50)]),
      client(plane, 'thief', nodes[0], 20),
    ]),
    ...more,
  );
}

const annotations = (plane: Plane) => ({ 'smi-mesh.io/data-plane': plane });

function server(plane: Plane, node: string): unknown {
  return deployment({
    ...{ name: `server-${plane}-${node}`, app: `server-${plane}`, account: 'server', node, port },
    command: ['node', 'echo.mjs'],
    environment: { VERSION: node },
    annotations: annotations(plane),
  });
}

function client(plane: Plane, account: 'buyer' | 'thief', node: string, rate: number): unknown {
  const environment = { URLS: `http://${addresses[plane]}:${port}/`, RATE: String(rate), TIMEOUT: '30000' };
  return deployment({
    ...{ name: `${account}-${plane}-${node}`, account, node, environment },
    command: ['node', 'load.mjs'],
    annotations: annotations(plane),
  });
}
