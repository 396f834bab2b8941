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

/** Requests to each backend of a split, of those that callers addressed to its root. */
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
  const { direction, destination = '', backend } = labels;
  const here = name === 'smi_requests_total' && direction === 'outbound' && destination.startsWith(`${root}:`);
  return here ? backend : undefined;
}
