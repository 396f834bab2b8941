import { type ApiOptions, answerApi } from '../metrics/api/answer.ts';
import type { LatencyUnit, ObjectDirectory } from '../metrics/api/contract.ts';
import { Collector } from '../metrics/collector/collector.ts';
import type { ScrapeTarget } from '../metrics/collector/read-proxy.ts';
import type { MetricsSource } from '../metrics/contract.ts';
import { type MeshDirectory, ModelDirectory } from '../metrics/directory.ts';
import { trafficPage } from '../metrics/traffic-page.ts';
import type { MeshModel } from '../model/types.ts';
import type { SourceDocument } from '../source/types.ts';
import type { AdminPages } from './admin/contract.ts';
import { measuredObjects } from './measured-objects.ts';

export interface TrafficOptions {
  /** Where each proxy answers `/telemetry`, on the address of its pod. */
  readonly port: number;
  /** Between two readings of one proxy, in milliseconds. */
  readonly intervalMillis?: number;
  /** Proxies are read only until nobody has asked for so long, in milliseconds; absent: always. */
  readonly restsAfterMillis?: number;
  /** The node that a pod runs on, where there are nodes. */
  readonly nodeOf?: (namespace: string, pod: string) => string | undefined;
  /** How TrafficMetrics say latencies; in seconds unless told otherwise. */
  readonly latencyUnit?: LatencyUnit;
  /** Objects of kinds that the control plane does not follow. */
  readonly others?: ObjectDirectory;
  /** Asked in place of the proxies. */
  readonly source?: (directory: MeshDirectory) => MetricsSource;
}

/** What goes through the mesh, as its proxies count it. */
export interface Traffic {
  readonly api: ApiOptions;
  /** `/traffic`, and the API `metrics.smi-spec.io` below `/apis`. */
  readonly pages: AdminPages;
  close(): void;
}

/** What a mesh is now. */
export interface MeasuredMesh {
  readonly model: () => MeshModel | undefined;
  readonly documents: () => Iterable<SourceDocument>;
}

/** Follows what the proxies of the mesh count. */
export function measureTraffic(mesh: MeasuredMesh, options: TrafficOptions): Traffic {
  const { port, intervalMillis, restsAfterMillis, others, latencyUnit = 'seconds' } = options;
  const directory = new ModelDirectory(mesh.model, options.nodeOf);
  const other = options.source?.(directory);
  const collector = new Collector({
    targets: () => targetsOf(mesh.model(), port),
    directory,
    ...(intervalMillis === undefined ? {} : { intervalMillis }),
    ...(restsAfterMillis === undefined ? {} : { restsAfterMillis }),
  });
  if (other === undefined) collector.start();
  const source = other ?? collector;
  const { weights } = directory;
  const objects = measuredObjects({ ...mesh, ...(others === undefined ? {} : { others }) });
  const api: ApiOptions = { source, weights, objects, latencyUnit, now: Date.now };
  const page = trafficPage(source, weights);
  return {
    api,
    pages: {
      traffic: ({ query }) => page(query, Date.now()),
      apis: async ({ method, path, query }) => {
        const { status, body, type = 'application/json' } = await answerApi({ method, path, query, accept: '' }, api);
        return { status, type, body: typeof body === 'string' ? body : `${JSON.stringify(body)}\n` };
      },
    },
    close: () => collector.stop(),
  };
}

function targetsOf(model: MeshModel | undefined, port: number): readonly ScrapeTarget[] {
  return Object.values(model?.workloads ?? {}).flatMap(({ id, transport, addresses: [address] }) =>
    transport === 'mtls' && address !== undefined ? [{ workload: id, address, port }] : [],
  );
}
