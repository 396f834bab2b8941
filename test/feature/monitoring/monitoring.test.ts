import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { board, boardExpressions } from '../../../scripts/monitoring/board.ts';
import { type AlertRule, recorded, ruleGroups } from '../../../scripts/monitoring/rules.ts';
import { scrapeConfig } from '../../../scripts/monitoring/scrape.ts';
import { readChart } from '../../../src/chart/chart.ts';
import { packageRoot } from '../../../src/lib/package-root.ts';
import { type MetricDefinition, metrics } from '../../../src/telemetry/catalogue.ts';
import { type PodMonitor, scrapeJobs } from '../../support/prometheus/pod-monitors.ts';
import { prometheusMissing } from '../../support/prometheus/programs.ts';
import { alertCases } from './alert-cases.ts';

const rulesFile = join(packageRoot(), 'deploy', 'monitoring', 'rules.yaml');
const rules = ruleGroups.flatMap((group) => group.rules);
const alerts = rules.filter((rule): rule is AlertRule => 'alert' in rule);
const catalogue = new Map<string, MetricDefinition>(Object.values(metrics).map((metric) => [metric.name, metric]));
/** Of a target, as Prometheus and its operator add them. */
const targetLabels = ['instance', 'job', 'pod', 'namespace'];
const folder = mkdtempSync(join(tmpdir(), 'smi-monitoring-'));
afterAll(() => rmSync(folder, { recursive: true }));

const missing = prometheusMissing('promtool');

function definitionOf(name: string): MetricDefinition | undefined {
  return catalogue.get(name) ?? catalogue.get(name.replace(/_(bucket|count|sum)$/, ''));
}

describe.each([
  ['rule', rules.map(({ expr }) => expr)],
  ['panel', boardExpressions],
])('every %s', (_, expressions) => {
  test('is of metrics and labels that there are', () => {
    const records = new Set<string>(Object.values(recorded));
    const unknown = expressions.flatMap((expr) => {
      const names = [...expr.matchAll(/\b(smi_\w+|process_\w+|smi:[\w:]+)/g)].map(([, name = '']) => name);
      const labels = new Set(names.flatMap((name) => definitionOf(name)?.labels ?? ['destination', ...targetLabels]));
      const used = [
        ...[...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', ')),
        ...[...expr.matchAll(/[{,](\w+)(?:=~|!=|=)"/g)].map(([, label = '']) => label),
      ];
      return [
        ...names.filter((name) => definitionOf(name) === undefined && !records.has(name)),
        ...used.filter((label) => !labels.has(label) && label !== 'le' && !targetLabels.includes(label)),
      ];
    });
    expect(expressions.length).toBeGreaterThan(20);
    expect(unknown).toEqual([]);
  });
});

test('what an alert says is of labels that it has', () => {
  for (const { alert, expr, annotations } of alerts) {
    const [, by] = /\bby \(([^)]*)\)/.exec(expr) ?? [];
    const names = [...expr.matchAll(/\bsmi[_:][\w:]+/g)].map(([name]) => name);
    const known = by?.split(', ') ?? [
      ...targetLabels,
      ...names.flatMap((name) => definitionOf(name)?.labels ?? recordedLabels(name)),
    ];
    const said = [
      ...Object.values(annotations)
        .join(' ')
        .matchAll(/\$labels\.(\w+)/g),
    ].map(([, label = '']) => label);
    expect([alert, said.filter((label) => !known.includes(label))]).toEqual([alert, []]);
  }
});

function recordedLabels(name: string): readonly string[] {
  const rule = rules.find((one) => 'record' in one && one.record === name);
  return /\bby \((?:le, )?([^)]*)\)/.exec(rule?.expr ?? '')?.[1]?.split(', ') ?? [];
}

test('every alert has cases in which it fires and in which it does not', () => {
  expect(Object.keys(alertCases)).toEqual(alerts.map(({ alert }) => alert));
});

test('the board has each expression once, at a place of its own', () => {
  const { panels } = board() as { panels: readonly { gridPos: object; targets?: readonly { expr: string }[] }[] };
  expect(panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))).toEqual(boardExpressions);
  expect(new Set(panels.map(({ gridPos }) => JSON.stringify(gridPos))).size).toBe(panels.length);
});

/** What the chart has for the operator of Prometheus. */
function render(values: object): readonly Readonly<Record<string, unknown>>[] {
  const result = readChart().render({ name: 'mesh', namespace: 'mesh-system', service: 'test' }, { ...values });
  if (!result.ok) throw new Error(result.error.join('\n'));
  return result.value.map(({ object }) => object).filter(({ apiVersion }) => /coreos/.test(String(apiVersion)));
}

test('the chart has the same rules, and monitors of sidecars and controller, where its values say so', () => {
  expect(render({})).toEqual([]);
  const labels = { release: 'prometheus' };
  const [rule, ...others] = render({ monitoring: { rules: { enabled: true, labels }, scrape: { enabled: true } } });
  expect(rule).toMatchObject({
    kind: 'PrometheusRule',
    metadata: { labels },
    spec: parse(readFileSync(rulesFile, 'utf8')),
  });
  expect(others.map(({ kind }) => kind)).toEqual(['PodMonitor', 'PodMonitor']);
});

describe.skipIf(missing !== undefined)(`promtool${missing === undefined ? '' : `: ${missing}`}`, () => {
  test('takes the rules', () => {
    expect(promtool('check', 'rules', rulesFile)).toContain(`SUCCESS: ${rules.length} rules found`);
  });

  test('takes every expression of the board', () => {
    const records = boardExpressions.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$namespace', 'shop|web'),
    }));
    const file = write('board.yaml', { groups: [{ name: 'board', rules: records }] });
    expect(promtool('check', 'rules', file)).toContain(`SUCCESS: ${records.length} rules found`);
  });

  test('takes what is to be scraped', () => {
    // Debian's knows no Kubernetes.
    const { scrape_configs: jobs } = scrapeConfig() as { scrape_configs: readonly object[] };
    const known = jobs.map((job) => ({ ...job, kubernetes_sd_configs: undefined }));
    const monitors = render({ monitoring: { scrape: { enabled: true } } }) as unknown as readonly PodMonitor[];
    const monitored = monitors.flatMap((monitor) => scrapeJobs(monitor, () => 'http://127.0.0.1/'));
    const all = { scrape_configs: [...known, ...monitored] };
    expect(all.scrape_configs).toHaveLength(4);
    expect(promtool('check', 'config', write('scrape.yaml', all))).toContain('SUCCESS');
  });

  test('sees every alert fire when it should, and otherwise not', () => {
    const cases = Object.entries(alertCases);
    const inputs = cases.flatMap(([alert, { fires }]) => (fires === 'nothing' ? [] : [{ alert, fires }]));
    const atNothing = cases.filter(([, { fires }]) => fires === 'nothing').map(([alert]) => alert);
    const tests = [
      played(
        'fires',
        inputs.map(({ fires }) => fires),
        inputs.map(({ alert }) => alert),
        1,
      ),
      played('fires at nothing', [], atNothing, 1),
      played(
        'is quiet',
        cases.map(([, { quiet }]) => quiet),
        cases.map(([alert]) => alert),
        0,
      ),
    ];
    const file = write('tests.yaml', { rule_files: [rulesFile], evaluation_interval: '1m', tests });
    expect(promtool('test', 'rules', file)).toContain('SUCCESS');
  });
});

/** Together: each takes promtool a while. */
function played(name: string, inputs: readonly object[], names: readonly string[], wanted: number): object {
  const input = inputs.flatMap((each) => Object.entries(each)).map(([series, values]) => ({ series, values }));
  expect(new Set(input.map(({ series }) => series)).size).toBe(input.length);
  return {
    name,
    interval: '1m',
    input_series: input,
    promql_expr_test: names.map((alert) => ({
      expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
      eval_time: '30m',
      exp_samples: [{ labels: '{}', value: wanted }],
    })),
  };
}

function write(name: string, content: object): string {
  const file = join(folder, name);
  writeFileSync(file, stringify(content, { aliasDuplicateObjects: false }));
  return file;
}

/** What it says; an assertion shows all of it when it fails. */
function promtool(...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8', timeout: 30_000 });
  return `${stdout}${stderr}`;
}
