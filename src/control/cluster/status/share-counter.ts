import { sidecarPorts } from '../../../kubernetes/names.ts';
import { ask, parseMetrics, type Sample } from '../../local/metrics-scrape.ts';
import type { BackendCounts } from './settling-shares.ts';

/** A split in force: whose requests are counted, and where they may go. All as `NAMESPACE/SERVICE`. */
export interface CountedSplit {
  readonly root: string;
  readonly backends: readonly string[];
}

/** So many sidecars are asked; the shares of a large mesh are those of a part of its callers. */
const maxSidecars = 200;
const parallel = 10;

/** Asks sidecars of either kind for what they counted as callers. Those that do not answer count as nothing. */
export async function scrapeSidecars(addresses: readonly string[]): Promise<readonly (readonly Sample[])[]> {
  const waiting = addresses.slice(0, maxSidecars);
  const scrapes: (readonly Sample[])[] = [];
  const worker = async (): Promise<void> => {
    for (let address = waiting.pop(); address !== undefined; address = waiting.pop()) {
      const text = await ask(address, '/metrics', sidecarPorts.metrics);
      if (text !== undefined) scrapes.push(parseMetrics(text));
    }
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  return scrapes;
}

/**
 * Requests to each backend of a split. Our own proxies tell them by the Service that the caller addressed; Envoys count
 * by backend alone, so that requests that callers address to a backend directly count there too.
 */
export function countBackends(
  { root, backends }: CountedSplit,
  scrapes: readonly (readonly Sample[])[],
): BackendCounts {
  const counts = new Map(backends.map((backend) => [backend, 0]));
  for (const samples of scrapes) {
    for (const sample of samples) {
      const backend = backendOf(sample, root);
      const before = backend === undefined ? undefined : counts.get(backend);
      if (backend !== undefined && before !== undefined) counts.set(backend, before + sample.value);
    }
  }
  return counts;
}

function backendOf({ name, labels }: Sample, root: string): string | undefined {
  if (name === 'smi_requests_total') {
    const { direction, destination = '', backend } = labels;
    return direction === 'outbound' && destination.startsWith(`${root}:`) ? backend : undefined;
  }
  return name === 'envoy_cluster_upstream_rq_total' ? labels.service : undefined;
}
