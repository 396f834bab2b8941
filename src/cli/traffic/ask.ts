import { setTimeout as pause } from 'node:timers/promises';
import { formatDuration } from '../../lib/duration.ts';
import type { SummaryPart, TrafficResource, TrafficSummary, WantedSums } from '../../metrics/contract.ts';
import { type DirectoryData, directoryOf, type MeshDirectory } from '../../metrics/directory.ts';
import { PrometheusClient, type PrometheusOptions } from '../../metrics/prometheus/client.ts';
import { PrometheusSource } from '../../metrics/prometheus/source.ts';
import { notReached } from '../control-plane/answer.ts';
import { controlPlaneOf } from '../control-plane/ask.ts';
import { prometheusOf } from '../prometheus-options.ts';
import { Unreachable } from '../unreachable.ts';
import type { TrafficCommandOptions } from './options.ts';

/** A control plane that nobody asked for some time begins to read its proxies: after so many seconds every one has been read twice. */
const firstSeconds = 6;

export type AskTraffic = () => Promise<TrafficSummary>;

/** What is wanted of a control plane or of Prometheus, which know the weights. */
export interface AskedSums extends Omit<WantedSums, 'weights'> {
  readonly only: SummaryPart;
}

/** The page that answers a summary of the traffic in a window, in milliseconds. */
export function trafficTarget({ by, only, side }: AskedSums, window: number): string {
  const query = { window: formatDuration(window), by, only, ...(side === undefined ? {} : { side }) };
  return `/traffic?${new URLSearchParams(query)}`;
}

/** Somebody to ask for summaries of traffic; throws `Unreachable` when there is nobody. */
export async function askForTraffic(wanted: AskedSums, options: TrafficCommandOptions): Promise<AskTraffic> {
  const prometheus = prometheusOf(options);
  if (prometheus !== undefined) return await askPrometheus(prometheus, wanted, options);
  const controlPlane = await controlPlaneOf(options);
  const target = trafficTarget(wanted, options.window);
  const ask = async () => {
    const answers = await controlPlane.ask<TrafficSummary>(target);
    // Every replica reads every proxy: the one that has done so for longest knows most.
    return answers.reduce((best, answer) => (answer.observedSeconds > best.observedSeconds ? answer : best));
  };
  return async () => {
    const first = await ask();
    const lacking = Math.min(firstSeconds, first.windowSeconds) - first.observedSeconds;
    if (lacking <= 0 || first.measuredBy === 'prometheus') return first;
    process.stderr.write(`reading the proxies: ${Math.ceil(lacking)} s\n`);
    await pause(lacking * 1_000);
    return await ask();
  };
}

/** The directory is that of now; without a control plane what labels say is all that is known of pods. */
async function askPrometheus(
  prometheus: PrometheusOptions,
  wanted: AskedSums,
  options: TrafficCommandOptions,
): Promise<AskTraffic> {
  const directory = await directoryOfMesh(options);
  const source = new PrometheusSource({ prometheus: new PrometheusClient(prometheus), directory });
  return async () => {
    const { weights } = directory;
    const summed = await source.summary(options.window, Date.now(), { ...wanted, weights });
    if (!summed.ok) throw notReached(summed.error, 'prometheus');
    return summed.value;
  };
}

const nothingKnown: DirectoryData = { pods: {}, accounts: {}, weights: [] };

async function directoryOfMesh(options: TrafficCommandOptions): Promise<MeshDirectory> {
  try {
    const [data] = await (await controlPlaneOf(options)).ask<DirectoryData>('/directory');
    return directoryOf(data ?? nothingKnown);
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error;
    process.stderr.write(`owners, Services and weights as far as the metrics tell them: ${error.message}\n`);
    return directoryOf(nothingKnown);
  }
}

/** `name`: NAME, or NAMESPACE/NAME. */
export function isNamed(
  resource: TrafficResource | null,
  name: string | undefined,
  within: string | undefined,
): boolean {
  if (resource === null) return name === undefined && within === undefined;
  const home = resource.kind === 'Namespace' ? resource.name : resource.namespace;
  if (within !== undefined && home !== undefined && home !== within) return false;
  return name === undefined || name === resource.name || name === `${resource.namespace}/${resource.name}`;
}
