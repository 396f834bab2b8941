import type { Artifact } from '../../../src/adapter/contract.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { typeUrls } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { inboundListeners } from './inbound.ts';
import type { Message } from './message.ts';
import { originalDestination } from './original-destination.ts';
import { outboundListeners } from './outbound.ts';
import { collectorClusters } from './tracing.ts';
import { udpListeners } from './udp-outbound.ts';

/** A sidecar's listeners, their route configurations, and the clusters of its own program. */
export function emitWorkload(model: MeshModel, id: WorkloadId, options: EnvoyOptions): readonly Artifact[] {
  const workload = model.workloads[id];
  if (workload === undefined) return [];
  const { origins } = workload;
  const inbound = inboundListeners(model, workload, options);
  const outbound = outboundListeners(model, workload, options);
  const others = [...udpListeners(model, workload), originalDestination(model, workload, options)];
  const artifact = (format: string, body: Message, more: readonly Origin[] = []): Artifact => ({
    name: String(body.name),
    format,
    body,
    origins: more.length === 0 ? origins : [...origins, ...more],
  });
  const lets = originsWithin(model.inbound[workload.set]);
  const clusters = [
    ...[...inbound, ...others].flatMap((each) => each.clusters),
    ...collectorClusters(options, workload),
  ];
  return [
    ...clusters.map((cluster) => artifact(typeUrls.cluster, cluster)),
    ...others.flatMap((each) => each.listeners.map((listener) => artifact(typeUrls.listener, listener))),
    ...outbound.map(({ listener, origins: more }) => artifact(typeUrls.listener, listener, more)),
    ...inbound.map(({ listener }) => artifact(typeUrls.listener, listener, lets)),
    ...outbound.flatMap(({ routes, origins: more }) =>
      routes === undefined ? [] : [artifact(typeUrls.routes, routes, more)],
    ),
    ...inbound.flatMap(({ routes }) => (routes === undefined ? [] : [artifact(typeUrls.routes, routes, lets)])),
  ];
}
