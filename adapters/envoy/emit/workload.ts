import type { Artifact } from '../../../src/adapter/contract.ts';
import type { Origin } from '../../../src/diagnostics/origin.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { MeshModel, MeshSettings, TracingSettings, WorkloadId } from '../../../src/model/types.ts';
import { typeUrls } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { inboundListeners } from './inbound.ts';
import { askedClusters } from './interception/asked-clusters.ts';
import { interceptionOf } from './interception/redirection.ts';
import type { Message } from './message.ts';
import { outboundListeners } from './outbound.ts';
import { collectorClusters } from './tracing.ts';
import { udpListeners } from './udp-outbound.ts';

/** A sidecar's listeners, their route configurations, and the clusters of its own program. */
export function emitWorkload(model: MeshModel, id: WorkloadId, given: EnvoyOptions): readonly Artifact[] {
  const workload = model.workloads[id];
  if (workload === undefined) return [];
  const { origins } = workload;
  const options = withSettings(given, model.settings);
  const inbound = inboundListeners(model, workload, options);
  const outbound = outboundListeners(model, workload, options);
  // Datagrams are not redirected, and a pod's own programs may use the ports.
  const redirected = interceptionOf(workload, options) !== undefined;
  const datagrams = redirected ? [] : udpListeners(model, workload);
  const artifact = (format: string, body: Message, more: readonly Origin[] = []): Artifact => ({
    name: String(body.name),
    format,
    body,
    origins: more.length === 0 ? origins : [...origins, ...more],
  });
  const lets = originsWithin(model.inbound[workload.set]);
  const clusters = [
    ...[...inbound.ports, ...datagrams].flatMap((each) => each.clusters),
    ...(redirected ? askedClusters(model, workload, options) : []),
    ...collectorClusters(options, workload),
  ];
  return [
    ...clusters.map((cluster) => artifact(typeUrls.cluster, cluster)),
    ...datagrams.flatMap((each) => each.listeners.map((listener) => artifact(typeUrls.listener, listener))),
    ...outbound.map(({ listener, origins: more }) => artifact(typeUrls.listener, listener, more)),
    ...inbound.listeners.map((listener) => artifact(typeUrls.listener, listener, lets)),
    ...outbound.flatMap(({ routes, origins: more }) => routes.map((each) => artifact(typeUrls.routes, each, more))),
    ...inbound.ports.flatMap(({ routes }) => (routes === undefined ? [] : [artifact(typeUrls.routes, routes, lets)])),
  ];
}

/** What the adapter is told for itself goes before what is said for the mesh. */
function withSettings(given: EnvoyOptions, { tracing, accessLog, metrics }: MeshSettings): EnvoyOptions {
  const { telemetry, ...options } = given;
  return {
    ...(tracing === undefined ? {} : { tracing: pick(tracing) }),
    ...(accessLog === 'all' ? { accessLog: { path: '/dev/stderr', requests: 'all' } } : {}),
    ...options,
    ...(telemetry === undefined || metrics === 'none' ? {} : { telemetry }),
  };
}

function pick({ collector, protocol, sampling, propagation }: TracingSettings): NonNullable<EnvoyOptions['tracing']> {
  return { collector, protocol, sampling, propagation };
}
