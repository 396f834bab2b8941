import { metrics } from '../../src/telemetry/catalogue.ts';
import { observations, quantile, rate, sumOfRate } from './expressions.ts';

interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  /** How long it has to be so. */
  readonly for?: '2m' | '5m' | '10m' | '15m';
  readonly labels: { readonly severity: 'critical' | 'warning' | 'info' };
  readonly annotations: { readonly summary: string; readonly description: string };
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** What Prometheus computes beforehand; alerts and panels are made of these. */
export const recorded = {
  serviceRequests: 'smi:service_requests:rate5m',
  serviceFailures: 'smi:service_failures:ratio5m',
  serviceLatency: 'smi:service_request_duration_seconds:p99_5m',
  workloadRequests: 'smi:workload_requests:rate5m',
  workloadFailures: 'smi:workload_failures:ratio5m',
} as const;

/** Answered by nobody, or with a fault of the server: what callers did wrong, and what policy refused, is none. */
const failed = 'code_class=~"5xx|none"';
/** `NAMESPACE/SERVICE:PORT` as its callers measure it. */
const service = ['destination'];
const workload = ['destination_namespace', 'destination_owner'];

function ratioOfFailures(by: readonly string[], direction: string): string {
  const all = sumOfRate(metrics.requests, by, `direction="${direction}"`);
  const failures = sumOfRate(metrics.requests, by, `direction="${direction}",${failed}`);
  return `(${failures} or 0 * ${all}) / (${all} > 0)`;
}

const recording: RuleGroup = {
  name: 'smi-mesh-recorded',
  rules: [
    { record: recorded.serviceRequests, expr: sumOfRate(metrics.requests, service, 'direction="outbound"') },
    { record: recorded.serviceFailures, expr: ratioOfFailures(service, 'outbound') },
    {
      record: recorded.serviceLatency,
      expr: quantile(0.99, metrics.requestSeconds, { by: service, selector: 'direction="outbound"' }),
    },
    { record: recorded.workloadRequests, expr: sumOfRate(metrics.requests, workload, 'direction="inbound"') },
    { record: recorded.workloadFailures, expr: ratioOfFailures(workload, 'inbound') },
  ],
};

const traffic: RuleGroup = {
  name: 'smi-mesh-traffic',
  rules: [
    {
      alert: 'SmiServiceFailing',
      expr: `${recorded.serviceFailures} > 0.05 and ${recorded.serviceRequests} > 0.1`,
      for: '5m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'Requests to {{ $labels.destination }} fail',
        description:
          'Callers get no answer, or 5xx, to {{ $value | humanizePercentage }} of their requests. `smi-cli edges services` shows whose, `smi-cli tap` which.',
      },
    },
    {
      alert: 'SmiWorkloadFailing',
      expr: `${recorded.workloadFailures} > 0.05 and ${recorded.workloadRequests} > 0.1`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: '{{ $labels.destination_namespace }}/{{ $labels.destination_owner }} fails',
        description: 'Its pods answer {{ $value | humanizePercentage }} of requests with 5xx or not at all.',
      },
    },
    {
      alert: 'SmiServiceSlow',
      expr: `${recorded.serviceLatency} > 1 and ${recorded.serviceRequests} > 0.1`,
      for: '10m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Requests to {{ $labels.destination }} are slow',
        description: 'One of a hundred takes longer than {{ $value | humanizeDuration }}.',
      },
    },
    {
      alert: 'SmiRequestsDenied',
      expr: `${sumOfRate(metrics.requests, [...workload, 'source_identity'], 'direction="inbound",verdict="denied"')} > 0`,
      for: '15m',
      labels: { severity: 'info' },
      annotations: {
        summary:
          '{{ $labels.destination_namespace }}/{{ $labels.destination_owner }} denies {{ $labels.source_identity }}',
        description:
          'No TrafficTarget lets these requests in. `smi-cli explain` tells what is missing, if they are meant to come.',
      },
    },
    {
      alert: 'SmiEndpointsEjected',
      expr: `sum by (cluster) (increase(${metrics.ejections.name}[10m])) > 0 or max by (cluster) (${metrics.endpoints.name}{state="ejected"}) > 0`,
      for: '2m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Endpoints of {{ $labels.cluster }} are ejected',
        description: 'They failed so often that callers leave them out for a while.',
      },
    },
    {
      alert: 'SmiServicePanics',
      expr: `${sumOfRate(metrics.panicChoices, ['cluster'])} > 0`,
      for: '2m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'Most endpoints of {{ $labels.cluster }} are out',
        description: 'So few are healthy that callers choose among all of them, whatever their health.',
      },
    },
    {
      alert: 'SmiBreakerOpen',
      expr: `max by (cluster, bound) (${metrics.breakerOpen.name}) == 1`,
      for: '2m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The circuit breaker of {{ $labels.cluster }} is open',
        description: 'There is no room for more {{ $labels.bound }}; what comes beyond is refused with 503.',
      },
    },
    {
      alert: 'SmiRequestsOverflow',
      expr: `${sumOfRate(metrics.overflow, ['cluster', 'reason'])} > 0`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Requests to {{ $labels.cluster }} are refused for want of room',
        description:
          '{{ $value | humanize }} a second ({{ $labels.reason }}). Without a cluster, the sidecar itself has too much to do.',
      },
    },
    {
      alert: 'SmiRetryBudgetExhausted',
      expr: `${sumOfRate(metrics.retryBudgetExhausted, service)} > 0`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Retries to {{ $labels.destination }} are used up',
        description: 'More requests fail than may be tried again.',
      },
    },
  ],
};

const proxies: RuleGroup = {
  name: 'smi-mesh-proxies',
  rules: [
    {
      alert: 'SmiCertificateExpiresSoon',
      // Renewed at half of its life: whoever has less than a third left has tried for a while.
      expr: `(${metrics.certificateExpiry.name} - time()) / (${metrics.certificateExpiry.name} - ${metrics.certificateIssued.name} > 0) < 0.3`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The certificate of {{ $labels.instance }} is not renewed',
        description:
          '{{ $value | humanizePercentage }} of its life are left. The log of the sidecar says why it gets no new one.',
      },
    },
    {
      alert: 'SmiCertificateExpired',
      expr: `${metrics.certificateExpiry.name} > 0 and ${metrics.certificateExpiry.name} - time() < 0`,
      labels: { severity: 'critical' },
      annotations: {
        summary: 'The certificate of {{ $labels.instance }} has expired',
        description: 'Nobody takes its connections any more, and it takes none of others.',
      },
    },
    {
      alert: 'SmiProxyDisconnected',
      expr: `${metrics.controlPlaneConnected.name} == 0`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: '{{ $labels.instance }} does not reach the control plane',
        description: 'It goes on with the configuration that it has, and hears of no change.',
      },
    },
    {
      alert: 'SmiProxyRefusesConfiguration',
      expr: `increase(${metrics.configUpdates.name}{result="rejected"}[10m]) > 0`,
      labels: { severity: 'warning' },
      annotations: {
        summary: '{{ $labels.instance }} refuses configuration',
        description: 'It keeps what it had. `smi-cli proxies` names the object at fault.',
      },
    },
    {
      alert: 'SmiMetricSeriesOverflow',
      expr: `sum by (metric) (${metrics.seriesOverflow.name}) > 0`,
      labels: { severity: 'info' },
      annotations: {
        summary: '{{ $labels.metric }} has more label sets than a proxy keeps apart',
        description: 'Sums stay right; what came last is counted under `overflow`.',
      },
    },
    {
      alert: 'SmiSpansLost',
      expr: `${sumOfRate(metrics.spans, ['result'], 'result!="exported"')} > 0`,
      for: '15m',
      labels: { severity: 'info' },
      annotations: {
        summary: 'Spans do not reach the collector',
        description: '{{ $value | humanize }} a second are {{ $labels.result }}.',
      },
    },
  ],
};

const controlPlane: RuleGroup = {
  name: 'smi-mesh-control-plane',
  rules: [
    {
      alert: 'SmiControllerAbsent',
      expr: `absent(${metrics.leader.name})`,
      for: '5m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'No controller is to be seen',
        description: 'Proxies go on with what they have. New pods get no certificate, and changes go nowhere.',
      },
    },
    {
      alert: 'SmiNoLeader',
      expr: `sum(${metrics.leader.name}) == 0`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'No replica of the controller leads',
        description: 'Nobody writes status, definitions or trust bundles, or rotates the authority.',
      },
    },
    {
      alert: 'SmiConfigurationRefused',
      expr: `max(${metrics.refusals.name}) > 0`,
      for: '2m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'Proxies refuse configuration',
        description:
          '{{ $value }} versions of resources were answered with a NACK. `smi-cli proxies` names the objects at fault; what was good before stays.',
      },
    },
    {
      alert: 'SmiProxiesOutOfDate',
      expr: `max(${metrics.proxiesBehind.name}) > 0`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Proxies are out of date',
        description: '{{ $value }} of them lack something that they should have. `smi-cli proxies` shows which.',
      },
    },
    {
      alert: 'SmiRolloutsSlow',
      expr: quantile(0.99, metrics.rolloutSeconds, { by: ['cause'], above: 30 }),
      for: '10m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Changes reach the proxies late',
        description: 'One of a hundred ({{ $labels.cause }}) takes longer than {{ $value | humanizeDuration }}.',
      },
    },
    {
      alert: 'SmiLeaderTaskFailing',
      expr: `${sumOfRate(metrics.taskFailures, ['task'])} > 0`,
      for: '15m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The leader fails at {{ $labels.task }}',
        description: 'It tries again; its log says why it fails.',
      },
    },
    {
      alert: 'SmiApiserverFaults',
      expr: `${sumOfRate(metrics.apiserverFaults, ['status'])} > 0.1`,
      for: '15m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Requests of the controller to the apiserver fail',
        description: '{{ $value | humanize }} a second with status {{ $labels.status }}.',
      },
    },
    {
      alert: 'SmiWebhookFailing',
      expr: observations(metrics.webhookSeconds, {
        by: ['path', 'outcome'],
        selector: 'outcome!="answered"',
        above: 0,
      }),
      for: '5m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'Calls of the webhook {{ $labels.path }} are {{ $labels.outcome }}',
        description: 'Pods may not start, or SMI objects not be readable, until it answers.',
      },
    },
    {
      alert: 'SmiConversionDefects',
      expr: `sum(${rate(metrics.webhookDefects)}) > 0`,
      for: '5m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'SMI objects cannot be converted between versions',
        description: 'The log of the controller names them.',
      },
    },
    {
      alert: 'SmiCertificatesRefused',
      expr: `${sumOfRate(metrics.identityRequests, ['outcome'], 'outcome!="issued"')} > 0`,
      for: '10m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Pods ask for certificates and get none',
        description: '{{ $value | humanize }} requests a second are answered with {{ $labels.outcome }}.',
      },
    },
    {
      alert: 'SmiAuthorityExpiresSoon',
      expr: `min(${metrics.authorityExpiry.name}) - time() < 7 * 86400`,
      for: '10m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'The authority of the mesh expires',
        description: 'In {{ $value | humanizeDuration }}; after that no certificate is good any more.',
      },
    },
    {
      alert: 'SmiWebhookCertificateExpiresSoon',
      expr: `min(${metrics.webhookCertificateExpiry.name} > 0) - time() < 86400`,
      for: '10m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'The certificate of the webhooks expires',
        description: 'In {{ $value | humanizeDuration }}; after that the apiserver calls none of them.',
      },
    },
  ],
};

/** All rules, as Prometheus reads them. */
export const ruleGroups: readonly RuleGroup[] = [recording, traffic, proxies, controlPlane];
