import { err } from '../lib/result.ts';
import { type ApiOptions, answerApi } from '../metrics/api/answer.ts';
import type { LatencyUnit, ObjectDirectory } from '../metrics/api/contract.ts';
import { Collector, type CollectorOptions } from '../metrics/collector/collector.ts';
import type { ScrapeTarget } from '../metrics/collector/read-proxy.ts';
import type { MetricsSource } from '../metrics/contract.ts';
import { ModelDirectory } from '../metrics/directory.ts';
import { EjectionReader } from '../metrics/ejections.ts';
import { PrometheusClient, type PrometheusOptions } from '../metrics/prometheus/client.ts';
import { PrometheusSource, type PrometheusSourceOptions } from '../metrics/prometheus/source.ts';
import { trafficPage } from '../metrics/traffic-page.ts';
import type { MeshModel } from '../model/types.ts';
import type { SourceDocument } from '../source/types.ts';
import { json } from './admin/answers.ts';
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
  /** The Prometheus that is asked in place of the proxies. */
  readonly prometheus?: PrometheusOptions;
  /** The proxies are those of another mesh: nobody asks them. */
  readonly foreign?: true;
}

/** What goes through the mesh, as its proxies count it. */
export interface Traffic {
  readonly api: ApiOptions;
  /** `/traffic`, the API `metrics.smi-spec.io` below `/apis`, `/directory`: what objects say about what proxies measure, and `/ejections`. */
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
  const counts = () => mesh.model()?.settings.metrics !== 'none';
  const proxies = () => (options.foreign === true ? [] : targetsOf(mesh.model(), port));
  const targets = () => (counts() ? proxies() : []);
  const running =
    options.prometheus === undefined
      ? collected({
          targets,
          directory,
          ...(intervalMillis === undefined ? {} : { intervalMillis }),
          ...(restsAfterMillis === undefined ? {} : { restsAfterMillis }),
        })
      : asked(options.prometheus, { directory, workloads: () => targets().map(({ workload }) => workload) });
  const { weights } = directory;
  const source = whileCounted(running.source, counts);
  const ejections = new EjectionReader(proxies);
  const objects = measuredObjects({ ...mesh, ...(others === undefined ? {} : { others }) });
  const api: ApiOptions = { source, weights, objects, latencyUnit, now: Date.now };
  const page = trafficPage(source, weights);
  return {
    api,
    pages: {
      traffic: ({ query }) => page(query, Date.now()),
      directory: async () => json(directory),
      ejections: async () => json(await ejections.report()),
      apis: async ({ method, path, query }) => {
        const { status, body, type = 'application/json' } = await answerApi({ method, path, query, accept: '' }, api);
        return { status, type, body: typeof body === 'string' ? body : `${JSON.stringify(body)}\n` };
      },
    },
    close: () => {
      running.close();
      ejections.close();
    },
  };
}

/** Zeros of proxies that do not count would say that there is no traffic. */
function whileCounted(source: MetricsSource, counts: () => boolean): MetricsSource {
  const error =
    'no proxy counts traffic: `metrics` is `none` for this mesh, by MeshConfig or by `smi-cli up --metrics`';
  return {
    report: async (...question) => (counts() ? await source.report(...question) : err(error)),
    summary: async (...question) => (counts() ? await source.summary(...question) : err(error)),
  };
}

interface RunningSource {
  readonly source: MetricsSource;
  close(): void;
}

function collected(options: CollectorOptions): RunningSource {
  const collector = new Collector(options);
  collector.start();
  return { source: collector, close: () => collector.stop() };
}

function asked(prometheus: PrometheusOptions, mesh: Omit<PrometheusSourceOptions, 'prometheus'>): RunningSource {
  const client = new PrometheusClient(prometheus);
  return { source: new PrometheusSource({ prometheus: client, ...mesh }), close: () => client.close() };
}

function targetsOf(model: MeshModel | undefined, port: number): readonly ScrapeTarget[] {
  return Object.values(model?.workloads ?? {}).flatMap(({ id, transport, addresses: [address] }) =>
    transport === 'mtls' && address !== undefined ? [{ workload: id, address, port }] : [],
  );
}
