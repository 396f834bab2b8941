import { trafficLabels } from './labels.ts';

/** Who has a metric: sidecars of either kind, those of our own proxy alone, or the control plane. */
export type MetricOwner = 'sidecar' | 'proxy' | 'control-plane';

export interface MetricDefinition {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly unit?: 'seconds' | 'bytes';
  readonly help: string;
  readonly labels: readonly string[];
  readonly owner: MetricOwner;
}

const traffic = trafficLabels.map(({ name }) => name);

/** Every metric of the data planes and of the control plane: the one source for what is exposed, documented, alerted on and drawn. */
export const metrics = {
  requests: {
    name: 'smi_requests_total',
    type: 'counter',
    help: 'Requests, each once, when it is over.',
    labels: [...traffic, 'code', 'code_class', 'verdict'],
    owner: 'sidecar',
  },
  requestSeconds: {
    name: 'smi_request_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    help: 'Time from request head to end of response, tunnels apart.',
    labels: traffic,
    owner: 'sidecar',
  },
  tunnelBytes: {
    name: 'smi_tunnel_bytes_total',
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes carried after an upgrade of HTTP/1.1.',
    labels: [...traffic, 'flow'],
    owner: 'proxy',
  },
  retries: {
    name: 'smi_retries_total',
    type: 'counter',
    help: 'Tries of requests after the first.',
    labels: [...traffic, 'reason'],
    owner: 'sidecar',
  },
  retryBudgetExhausted: {
    name: 'smi_retry_budget_exhausted_total',
    type: 'counter',
    help: 'Retries that the budget did not allow.',
    labels: traffic,
    owner: 'sidecar',
  },
  faults: {
    name: 'smi_faults_total',
    type: 'counter',
    help: 'Requests that a policy delayed or aborted on purpose.',
    labels: [...traffic, 'kind'],
    owner: 'sidecar',
  },
  mirrored: {
    name: 'smi_mirrored_total',
    type: 'counter',
    help: 'Copies of requests, by how they ended.',
    labels: [...traffic, 'mirror', 'outcome'],
    owner: 'sidecar',
  },
  rateLimited: {
    name: 'smi_rate_limited_total',
    type: 'counter',
    help: 'Requests over the rate that a policy allows.',
    labels: [...traffic, 'policy'],
    owner: 'sidecar',
  },
  deadlineExceeded: {
    name: 'smi_deadline_exceeded_total',
    type: 'counter',
    help: 'Requests that were cut off at their deadline.',
    labels: traffic,
    owner: 'sidecar',
  },
  tcpConnections: {
    name: 'smi_tcp_connections_total',
    type: 'counter',
    help: 'TCP connections taken, or not.',
    labels: [...traffic, 'verdict'],
    owner: 'sidecar',
  },
  tcpRetries: {
    name: 'smi_tcp_retries_total',
    type: 'counter',
    help: 'TCP connections that were tried at another endpoint.',
    labels: [...traffic, 'reason'],
    owner: 'proxy',
  },
  tcpBytes: {
    name: 'smi_tcp_bytes_total',
    type: 'counter',
    unit: 'bytes',
    help: 'Bytes carried on TCP connections.',
    labels: [...traffic, 'flow'],
    owner: 'sidecar',
  },
  tcpSeconds: {
    name: 'smi_tcp_connection_seconds_total',
    type: 'counter',
    unit: 'seconds',
    help: 'Time that TCP connections were open, counted when they end.',
    labels: traffic,
    owner: 'sidecar',
  },
} as const satisfies Record<string, MetricDefinition>;
