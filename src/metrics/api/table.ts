import { countsOf, type Measurement } from './documents.ts';

/** Whether a client would rather have a table, as `kubectl get` does. */
export function wantsTable(accept: string): boolean {
  return accept
    .split(',')
    .some((part) => /;\s*as=Table/.test(part) && /;\s*g=meta\.k8s\.io/.test(part) && part.includes('v=v1'));
}

const columns = [
  { name: 'Name', type: 'string', format: 'name', description: 'Name of the measured object.', priority: 0 },
  {
    name: 'Direction',
    type: 'string',
    format: '',
    description: 'Whether it sends (to) or receives (from).',
    priority: 0,
  },
  { name: 'Peer', type: 'string', format: '', description: 'The other end, or the backend of a split.', priority: 0 },
  { name: 'Side', type: 'string', format: '', description: 'Whose proxy measured.', priority: 0 },
  { name: 'Success', type: 'string', format: '', description: 'Part of all that succeeded.', priority: 0 },
  { name: 'RPS', type: 'string', format: '', description: 'Requests and connections a second.', priority: 0 },
  { name: 'P50', type: 'string', format: '', description: 'Median of the latencies.', priority: 0 },
  { name: 'P90', type: 'string', format: '', description: 'Nine of ten were faster.', priority: 1 },
  { name: 'P99', type: 'string', format: '', description: 'All but one in a hundred were faster.', priority: 0 },
] as const;

/** A meta.k8s.io/v1 Table; `objects` are the rows' documents. */
export function table(measurements: readonly Measurement[], objects: readonly object[], windowSeconds: number): object {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: {},
    columnDefinitions: columns,
    rows: measurements.map((measurement, index) => ({
      cells: cellsOf(measurement, windowSeconds),
      object: { ...objects[index], kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' },
    })),
  };
}

function cellsOf({ resource, direction, peer, side, sum }: Measurement, windowSeconds: number): readonly string[] {
  const { success, failure } = countsOf(sum);
  const all = success + failure;
  const millis = (value: number | undefined) => (all === 0 || value === undefined ? '-' : `${value.toPrecision(3)}ms`);
  return [
    resource.name,
    direction,
    peerText(peer, sum?.backend?.name),
    side,
    all === 0 ? '-' : `${((100 * success) / all).toFixed(2)}%`,
    (all / windowSeconds).toFixed(1),
    millis(sum?.latency.p50Millis),
    millis(sum?.latency.p90Millis),
    millis(sum?.latency.p99Millis),
  ];
}

function peerText(peer: Measurement['peer'], backend: string | undefined): string {
  if (backend !== undefined) return backend;
  if (peer === undefined) return '*';
  if (peer === null) return '-';
  return peer.namespace === undefined ? peer.name : `${peer.namespace}/${peer.name}`;
}
