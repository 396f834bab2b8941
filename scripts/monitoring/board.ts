import { metrics } from '../../src/telemetry/catalogue.ts';
import { observations, quantile, rate, sumOfRate } from './expressions.ts';
import { recorded } from './rules.ts';

interface Query {
  readonly expr: string;
  /** Of the series, with labels as `{{destination}}`. */
  readonly legend: string;
}

interface Panel {
  readonly title: string;
  /** A unit of Grafana. */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly description?: string;
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** The services and workloads of the namespaces that are chosen above the board. */
const outbound = 'direction="outbound",destination_namespace=~"$namespace"';
const inbound = 'direction="inbound",destination_namespace=~"$namespace"';
const workload = ['destination_namespace', 'destination_owner'];
const workloadLegend = '{{destination_namespace}}/{{destination_owner}}';
const clusters = 'cluster=~"($namespace)/.*"';

const services: Row = {
  title: 'Services, as their callers measure them',
  panels: [
    {
      title: 'Requests',
      unit: 'reqps',
      queries: [{ expr: sumOfRate(metrics.requests, ['destination'], outbound), legend: '{{destination}}' }],
    },
    {
      title: 'Failures',
      description: 'Answered by nobody, or with 5xx. Recorded by the rules.',
      unit: 'percentunit',
      queries: [{ expr: `${recorded.serviceFailures}{destination=~"($namespace)/.*"}`, legend: '{{destination}}' }],
    },
    {
      title: 'Latency',
      unit: 's',
      queries: [0.5, 0.99].map((q) => ({
        expr: quantile(q, metrics.requestSeconds, { by: ['destination'], selector: outbound }),
        legend: `{{destination}} p${q * 100}`,
      })),
    },
    {
      title: 'Splits',
      description: 'Requests to each backend that a TrafficSplit chose.',
      unit: 'reqps',
      queries: [
        {
          expr: sumOfRate(metrics.requests, ['split', 'backend'], `${outbound},split!=""`),
          legend: '{{split}} > {{backend}}',
        },
      ],
    },
  ],
};

const workloads: Row = {
  title: 'Workloads, as they measure themselves',
  panels: [
    {
      title: 'Requests by class',
      unit: 'reqps',
      queries: [
        {
          expr: sumOfRate(metrics.requests, [...workload, 'code_class'], inbound),
          legend: `${workloadLegend} {{code_class}}`,
        },
      ],
    },
    {
      title: 'Latency (p99)',
      unit: 's',
      queries: [
        { expr: quantile(0.99, metrics.requestSeconds, { by: workload, selector: inbound }), legend: workloadLegend },
      ],
    },
    {
      title: 'Denied',
      description: 'Requests that no TrafficTarget lets in, by who asked.',
      unit: 'reqps',
      queries: [
        {
          expr: sumOfRate(metrics.requests, [...workload, 'source_identity'], `${inbound},verdict="denied"`),
          legend: `{{source_identity}} > ${workloadLegend}`,
        },
      ],
    },
    {
      title: 'TCP connections',
      unit: 'cps',
      queries: [
        {
          expr: sumOfRate(metrics.tcpConnections, [...workload, 'verdict'], inbound),
          legend: `${workloadLegend} {{verdict}}`,
        },
      ],
    },
  ],
};

const policies: Row = {
  title: 'Policies',
  panels: [
    {
      title: 'Retries',
      unit: 'reqps',
      queries: [
        { expr: sumOfRate(metrics.retries, ['destination', 'reason'], outbound), legend: '{{destination}} {{reason}}' },
        { expr: sumOfRate(metrics.retryBudgetExhausted, ['destination'], outbound), legend: '{{destination}} refused' },
      ],
    },
    {
      title: 'Over the rate, late, and faulty on purpose',
      unit: 'reqps',
      queries: [
        { expr: sumOfRate(metrics.rateLimited, ['policy']), legend: 'limited by {{policy}}' },
        { expr: sumOfRate(metrics.deadlineExceeded, ['destination'], outbound), legend: 'late: {{destination}}' },
        { expr: sumOfRate(metrics.faults, ['destination', 'kind']), legend: '{{kind}}: {{destination}}' },
      ],
    },
    {
      title: 'Endpoints that are out',
      unit: 'short',
      queries: [
        {
          expr: `max by (cluster, state) (${metrics.endpoints.name}{${clusters},state!="healthy"})`,
          legend: '{{cluster}} {{state}}',
        },
      ],
    },
    {
      title: 'Open breakers, and what was refused',
      unit: 'short',
      queries: [
        {
          expr: `max by (cluster, bound) (${metrics.breakerOpen.name}{${clusters}})`,
          legend: '{{cluster}} {{bound}} open',
        },
        { expr: sumOfRate(metrics.overflow, ['cluster', 'reason']), legend: '{{cluster}} {{reason}} refused a second' },
      ],
    },
  ],
};

const proxies: Row = {
  title: 'Proxies',
  panels: [
    {
      title: 'Memory (largest ten)',
      unit: 'bytes',
      queries: [
        {
          expr: `topk(10, ${metrics.memory.name} and on (instance) ${metrics.configVersion.name})`,
          legend: '{{instance}}',
        },
      ],
    },
    {
      title: 'Processor time (most ten)',
      unit: 'percentunit',
      queries: [
        {
          expr: `topk(10, ${rate(metrics.cpu)} and on (instance) ${metrics.configVersion.name})`,
          legend: '{{instance}}',
        },
      ],
    },
    {
      title: 'Life left of certificates (shortest ten)',
      unit: 's',
      queries: [
        { expr: `bottomk(10, (${metrics.certificateExpiry.name} > 0) - time())`, legend: '{{instance}}' },
        { expr: `min(${metrics.authorityExpiry.name}) - time()`, legend: 'authority' },
      ],
    },
    {
      title: 'Without a control plane',
      unit: 'short',
      queries: [
        { expr: `count(${metrics.controlPlaneConnected.name} == 0) or vector(0)`, legend: 'proxies' },
        { expr: `max(${metrics.proxiesBehind.name})`, legend: 'out of date' },
      ],
    },
  ],
};

const controlPlane: Row = {
  title: 'Control plane',
  panels: [
    {
      title: 'Proxies',
      unit: 'short',
      queries: [
        { expr: `sum(${metrics.proxies.name})`, legend: 'connected' },
        { expr: `max(${metrics.refusals.name})`, legend: 'versions refused' },
      ],
    },
    {
      title: 'Answers of proxies',
      unit: 'ops',
      queries: [
        { expr: sumOfRate(metrics.xdsAcks, ['type']), legend: '{{type}} taken' },
        { expr: sumOfRate(metrics.xdsNacks, ['type']), legend: '{{type}} refused' },
      ],
    },
    {
      title: 'From a change to the last proxy (p99)',
      unit: 's',
      queries: [{ expr: quantile(0.99, metrics.rolloutSeconds, { by: ['cause'] }), legend: '{{cause}}' }],
    },
    {
      title: 'Calls of webhooks',
      unit: 'reqps',
      queries: [
        { expr: observations(metrics.webhookSeconds, { by: ['path', 'outcome'] }), legend: '{{path}} {{outcome}}' },
      ],
    },
  ],
};

const rows: readonly Row[] = [services, workloads, policies, proxies, controlPlane];

/** Every expression of the board. */
export const boardExpressions: readonly string[] = rows.flatMap(({ panels }) =>
  panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
);

const datasource = { type: 'prometheus', uid: '$datasource' };
/** Grafana has 24 columns. */
const width = 12;
const height = 8;

/** The board as Grafana imports it. */
export function board(): object {
  let id = 0;
  let y = 0;
  const panels = rows.flatMap(({ title, panels: inside }) => {
    const head = { id: ++id, type: 'row', title, collapsed: false, gridPos: { x: 0, y, w: 24, h: 1 }, panels: [] };
    const shown = inside.map((panel, index) => {
      const place = { x: (index % 2) * width, y: y + 1 + Math.floor(index / 2) * height, w: width, h: height };
      return { id: ++id, gridPos: place, ...graph(panel) };
    });
    y += 1 + Math.ceil(inside.length / 2) * height;
    return [head, ...shown];
  });
  return {
    uid: 'smi-mesh',
    title: 'smi-mesh',
    tags: ['smi-mesh'],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: variables() },
    panels,
  };
}

function graph({ title, unit, queries, description }: Panel): object {
  return {
    type: 'timeseries',
    title,
    ...(description === undefined ? {} : { description }),
    datasource,
    fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10 } }, overrides: [] },
    options: { legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource,
      expr,
      legendFormat: legend,
    })),
  };
}

function variables(): readonly object[] {
  const namespaces = `label_values(${metrics.requests.name}, destination_namespace)`;
  return [
    { name: 'datasource', type: 'datasource', query: 'prometheus' },
    {
      name: 'namespace',
      type: 'query',
      datasource,
      query: { query: namespaces, refId: 'namespaces' },
      definition: namespaces,
      refresh: 2,
      multi: true,
      includeAll: true,
      allValue: '.*',
      current: { text: 'All', value: '$__all' },
    },
  ];
}
