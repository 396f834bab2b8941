import type { Artifact } from '../../src/adapter/contract.ts';
import { envoyProgramLimit } from '../../src/lib/re2.ts';
import type { MeshModel, Workload, WorkloadId } from '../../src/model/types.ts';
import { emitCluster } from './emit/cluster.ts';
import { type Message, socketAddress } from './emit/message.ts';
import { referencedClusters } from './emit/outbound.ts';
import { outsideCluster } from './emit/outside.ts';
import { emitWorkload } from './emit/workload.ts';
import { emptyCluster, typeUrls } from './names.ts';
import type { EnvoyOptions } from './options.ts';

const adminPort = 15_001;

/**
 * A complete bootstrap for the Envoy of one workload, as proto JSON: nothing is asked of a control plane. `undefined` when
 * the model has no such workload. It holds only what the workload can reach.
 */
export function staticBootstrap(model: MeshModel, id: WorkloadId, options: EnvoyOptions): Message | undefined {
  const workload = model.workloads[id];
  if (workload === undefined) return undefined;
  const artifacts = [
    ...referencedClusters(model, workload).flatMap((name) => emitCluster(model, name, options)),
    ...emitWorkload(model, id, options),
  ];
  const assignments = bodies(artifacts, typeUrls.endpoints);
  const routes = bodies(artifacts, typeUrls.routes);
  return {
    node: { id, cluster: workload.set },
    admin: { address: adminAddress(workload, options) },
    staticResources: {
      listeners: [...bodies(artifacts, typeUrls.listener).values()].map((listener) => inlineRoutes(listener, routes)),
      clusters: [
        ...[...bodies(artifacts, typeUrls.cluster).values()].map((cluster) => inlineEndpoints(cluster, assignments)),
        { name: emptyCluster, type: 'STATIC', connectTimeout: '5s' },
        ...(passesOn(model, workload) ? [outsideCluster(options)] : []),
      ],
    },
    ...sourceAddress(workload),
    layeredRuntime: { layers: [{ name: 'smi-mesh', staticLayer: runtime }] },
  };
}

/** Whether its listeners lead out of the mesh. */
function passesOn({ settings }: MeshModel, { outbound }: Workload): boolean {
  return outbound === 'intercepted' && settings.outboundMode === 'passthrough';
}

/** Pods that share a machine's network do not call from their own address by themselves; servers tell them apart by it. */
function sourceAddress({ outbound, addresses: [address] }: Workload): Message {
  if (outbound === 'intercepted' || address === undefined) return {};
  return { clusterManager: { upstreamBindConfig: { sourceAddress: { address, portValue: 0 } } } };
}

const runtime: Message = {
  're2.max_program_size.error_level': envoyProgramLimit,
  're2.max_program_size.warn_level': envoyProgramLimit,
  // Several values of one header are matched joined with a comma, at routes and at grants; by default Envoy 1.40 lets any
  // one value of them match.
  'envoy.reloadable_features.match_headers_individually': false,
  'envoy.reloadable_features.rbac_match_headers_individually': false,
  // Kept as a segment, so that a route can refuse it; otherwise Envoy takes `..;x` for `..` although RFC 3986 does not.
  'envoy.reloadable_features.strip_dotdot_segments_with_parameters': false,
};

function bodies(artifacts: readonly Artifact[], format: string): ReadonlyMap<string, Message> {
  return new Map(
    artifacts.filter((artifact) => artifact.format === format).map(({ name, body }) => [name, body as Message]),
  );
}

/** The admin endpoint can stop Envoy and asks nobody for a name, so it never listens beyond the machine by default. */
function adminAddress({ addresses }: Workload, { admin }: EnvoyOptions): Message {
  if (admin !== undefined) return socketAddress(admin.address, admin.port);
  return socketAddress(addresses.find((address) => address.startsWith('127.')) ?? '127.0.0.1', adminPort);
}

function inlineEndpoints(cluster: Message, assignments: ReadonlyMap<string, Message>): Message {
  if (cluster.type !== 'EDS') return cluster;
  const { edsClusterConfig: _, ...rest } = cluster;
  return { ...rest, type: 'STATIC', loadAssignment: assignments.get(String(cluster.name)) };
}

/** Puts the route configurations where a listener refers to them. */
function inlineRoutes(value: unknown, routes: ReadonlyMap<string, Message>): unknown {
  if (Array.isArray(value)) return value.map((item) => inlineRoutes(item, routes));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) =>
      key === 'rds'
        ? ['routeConfig', routes.get((field as { readonly routeConfigName: string }).routeConfigName)]
        : [key, inlineRoutes(field, routes)],
    ),
  );
}
