import type { Artifact } from '../../src/adapter/contract.ts';
import type { MeshModel, Workload, WorkloadId } from '../../src/model/types.ts';
import type { Message } from './emit/message.ts';
import { typeUrls } from './names.ts';
import type { EnvoyOptions } from './options.ts';
import { envoyProcess, ownClusters } from './process.ts';
import { emitUnit } from './units.ts';
import { view } from './view.ts';

const adminPort = 15_001;

/**
 * A complete bootstrap for the Envoy of one workload, as proto JSON: nothing is asked of a control plane. `undefined` when
 * the model has no such workload. It holds only what the workload can reach.
 */
export function staticBootstrap(model: MeshModel, id: WorkloadId, options: EnvoyOptions): Message | undefined {
  const workload = model.workloads[id];
  if (workload === undefined) return undefined;
  const artifacts = view(model, id, { options }).flatMap((unit) => emitUnit(model, unit, { options }));
  const assignments = bodies(artifacts, typeUrls.endpoints);
  const routes = bodies(artifacts, typeUrls.routes);
  const { outbound, addresses } = workload;
  const telemetrySocket = typeof options.telemetry === 'object' ? options.telemetry.socket : undefined;
  const { node, admin, ...rest } = envoyProcess({
    id,
    cluster: workload.set,
    admin: options.admin ?? { address: adminAddress(workload), port: adminPort },
    sourceAddress: outbound === 'intercepted' ? undefined : addresses[0],
    telemetrySocket,
  });
  return {
    node,
    admin,
    staticResources: {
      listeners: [...bodies(artifacts, typeUrls.listener).values()].map((listener) => inlineRoutes(listener, routes)),
      clusters: [
        ...[...bodies(artifacts, typeUrls.cluster).values()].map((cluster) => inlineEndpoints(cluster, assignments)),
        ...ownClusters({ telemetrySocket }),
      ],
    },
    ...rest,
  };
}

function bodies(artifacts: readonly Artifact[], format: string): ReadonlyMap<string, Message> {
  return new Map(
    artifacts.filter((artifact) => artifact.format === format).map(({ name, body }) => [name, body as Message]),
  );
}

function adminAddress({ addresses }: Workload): string {
  return addresses.find((address) => address.startsWith('127.')) ?? '127.0.0.1';
}

function inlineEndpoints(cluster: Message, assignments: ReadonlyMap<string, Message>): Message {
  if (cluster.type !== 'EDS') return cluster;
  const { edsClusterConfig: _, ...rest } = cluster;
  return { ...rest, type: 'STATIC', loadAssignment: assignments.get(String(cluster.name)) };
}

/** Puts the route configurations where a listener refers to them. They may refuse what would go to a cluster that is not there. */
function inlineRoutes(value: unknown, routes: ReadonlyMap<string, Message>): unknown {
  if (Array.isArray(value)) return value.map((item) => inlineRoutes(item, routes));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) =>
      key === 'rds'
        ? ['routeConfig', { ...routes.get(nameOf(field)), validateClusters: false }]
        : [key, inlineRoutes(field, routes)],
    ),
  );
}

function nameOf(rds: unknown): string {
  return (rds as { readonly routeConfigName: string }).routeConfigName;
}
