// Writes what follows from the catalogue of metrics: the tables of docs/metrics.md and docs/monitoring.md, between `<!-- NAME -->`
// and `<!-- /NAME -->`, the rules of Prometheus and the board of Grafana in deploy/monitoring, and the chart's template of these.
// With `--check` it writes nothing and fails when a file says something else.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/lib/package-root.ts';
import { type MetricDefinition, type MetricOwner, metrics } from '../src/telemetry/catalogue.ts';
import { trafficLabels } from '../src/telemetry/labels.ts';
import { board } from './monitoring/board.ts';
import { chartTemplate, yaml } from './monitoring/chart.ts';
import { type AlertRule, ruleGroups } from './monitoring/rules.ts';
import { scrapeConfig } from './monitoring/scrape.ts';

const root = packageRoot();
const owners: Readonly<Record<MetricOwner, string>> = {
  sidecar: 'sidecars',
  proxy: 'our proxy',
  'control-plane': 'control plane',
};

function page(): string {
  const labels = trafficLabels.map(({ name, help }) => [`\`${name}\``, help]);
  const all: readonly MetricDefinition[] = Object.values(metrics);
  const rows = all.map((metric) => [
    `\`${metric.name}\``,
    metric.type,
    owners[metric.owner],
    labelsOf(metric.labels),
    metric.envoy === undefined ? metric.help : `${metric.help} Envoy: ${metric.envoy}.`,
  ]);
  const before = readFileSync(join(root, 'docs', 'metrics.md'), 'utf8');
  return place(place(before, 'labels', table(['label', 'says'], labels)), 'metrics', metricsTable(rows));
}

function metricsTable(rows: readonly (readonly string[])[]): string {
  return table(['metric', 'type', 'of', 'labels', 'counts'], rows);
}

/** Those of traffic are listed once, above. */
function labelsOf(labels: readonly string[]): string {
  const common = new Set<string>(trafficLabels.map(({ name }) => name));
  const others = labels.filter((label) => !common.has(label)).map((label) => `\`${label}\``);
  const shown = labels.some((label) => label === trafficLabels[1].name)
    ? ['those of traffic', ...others]
    : labels.map((label) => `\`${label}\``);
  return shown.join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function place(text: string, name: string, content: string): string {
  const marked = new RegExp(`<!-- ${name} -->[\\s\\S]*?<!-- /${name} -->`);
  if (!marked.test(text)) throw new Error(`no place for ${name}`);
  return text.replace(marked, () => `<!-- ${name} -->\n${content}\n<!-- /${name} -->`);
}

function alertsPage(): string {
  const alerts = ruleGroups.flatMap(({ rules }) => rules.filter((rule): rule is AlertRule => 'alert' in rule));
  const rows = alerts.map((rule) => [
    `\`${rule.alert}\``,
    rule.labels.severity,
    rule.for ?? '',
    `\`${rule.expr.replaceAll('|', '\\|')}\``,
  ]);
  const before = readFileSync(join(root, 'docs', 'monitoring.md'), 'utf8');
  return place(before, 'alerts', table(['alert', 'severity', 'for', 'when'], rows));
}

const written = '# Written by scripts/monitoring.ts from the catalogue of metrics (src/telemetry/catalogue.ts).\n';
const files: Readonly<Record<string, string>> = {
  'docs/metrics.md': page(),
  'docs/monitoring.md': alertsPage(),
  'deploy/monitoring/rules.yaml': `${written}${yaml({ groups: ruleGroups })}`,
  'deploy/monitoring/scrape.yaml': `${written}${yaml(scrapeConfig())}`,
  'deploy/monitoring/board.json': `${JSON.stringify(board(), null, 2)}\n`,
  'deploy/chart/smi-mesh/templates/monitoring.yaml': chartTemplate(),
};
for (const [file, wanted] of Object.entries(files)) {
  const path = join(root, file);
  if (!process.argv.includes('--check')) writeFileSync(path, wanted);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== wanted) {
    console.error(`${file} is not what the catalogue of metrics says`);
    process.exitCode = 1;
  }
}
