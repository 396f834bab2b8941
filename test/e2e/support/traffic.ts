import type { Sample } from '../../../src/control/local/metrics-scrape.ts';
import type { RunningMesh } from './mesh.ts';

/** What a client's sidecar counted for the bookstore. */
export interface BuyerCounts {
  readonly at: number;
  readonly total: number;
  readonly v1: number;
  readonly v2: number;
  /** By status code. */
  readonly codes: Readonly<Record<string, number>>;
  /** Requests that were not answered 200, by backend. */
  readonly failures: Readonly<Record<string, number>>;
}

export async function countsOf(mesh: RunningMesh, pod: string): Promise<BuyerCounts> {
  const samples = (await mesh.metrics(pod)).filter(
    ({ name, labels }) => name === 'smi_requests_total' && labels.direction === 'outbound',
  );
  const codes: Record<string, number> = {};
  const failures: Record<string, number> = {};
  for (const { labels, value } of samples) {
    const { code = '', backend = '' } = labels;
    codes[code] = (codes[code] ?? 0) + value;
    if (code !== '200') failures[backend] = (failures[backend] ?? 0) + value;
  }
  return {
    at: performance.now(),
    total: sum(samples),
    v1: sum(samples.filter(({ labels }) => labels.backend?.includes('bookstore-v1'))),
    v2: sum(samples.filter(({ labels }) => labels.backend?.includes('bookstore-v2'))),
    codes,
    failures,
  };
}

/** Inbound requests of one identity at a server's sidecar, by verdict. */
export async function verdictsOf(mesh: RunningMesh, pod: string, account: string): Promise<Record<string, number>> {
  const identity = `spiffe://cluster.local/ns/default/sa/${account}`;
  const verdicts: Record<string, number> = {};
  for (const { name, labels, value } of await mesh.metrics(pod)) {
    if (name !== 'smi_requests_total' || labels.direction !== 'inbound' || labels.source_identity !== identity)
      continue;
    const key = `${labels.verdict} ${labels.code}`;
    verdicts[key] = (verdicts[key] ?? 0) + value;
  }
  return verdicts;
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0);
}

/** The client's own account: the totals of its last summary line, by outcome. */
export function tallyOf(mesh: RunningMesh, pod: string): Readonly<Record<string, number>> {
  const line = mesh
    .all('log')
    .findLast((event) => event.pod === `default/${pod}` && event.line.includes('in total'))?.line;
  const pairs = [...(line?.split('in total')[1] ?? '').matchAll(/([^,:]+): (\d+)/g)];
  return Object.fromEntries(pairs.map(([, outcome = '', count]) => [outcome.trim(), Number(count)]));
}
