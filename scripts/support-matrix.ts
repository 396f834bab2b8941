// Writes the support tables of README.md and of docs/support.md from the code's own tables, between `<!-- NAME -->` and
// `<!-- /NAME -->`. With `--check` it writes nothing and fails when a file says something else.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { support as envoy } from '../adapters/envoy/support.ts';
import { support as gatewayApi } from '../adapters/gateway-api/support.ts';
import { support as grpc } from '../adapters/grpc/support.ts';
import { support as istio } from '../adapters/istio/support.ts';
import { support as proxy } from '../adapters/proxy/support.ts';
import type { Support, SupportTable } from '../src/adapter/contract.ts';
import { features, featureTriggers } from '../src/adapter/features.ts';
import { packageRoot } from '../src/lib/package-root.ts';
import { kindsOf, smiGroups, versionsOf } from '../src/smi/versions.ts';

const adapters: Readonly<Record<string, SupportTable>> = {
  'our proxy': proxy,
  Envoy: envoy,
  'gRPC clients': grpc,
  'Gateway API': gatewayApi,
  Istio: istio,
};
const versions = ['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4'];

function kindsTable(): string {
  const rows = smiGroups().flatMap((group) =>
    kindsOf(group).map((kind) => [
      `${kind} (\`${group}\`)`,
      ...versions.map((version) => served(group, kind, version)),
    ]),
  );
  return table(['kind', ...versions], rows);
}

function served(group: string, kind: string, version: string): string {
  const found = versionsOf(group, kind);
  if (found?.served.includes(version)) return 'yes';
  return found?.known.includes(version) ? 'not yet' : '-';
}

function featuresTable(): string {
  const rows = features.map((feature) => [
    feature,
    ...Object.values(adapters).map((support) => cell(support[feature])),
  ]);
  return table(['feature', ...Object.keys(adapters)], rows);
}

/** What makes a mesh use a feature, for those who write support tables. */
function triggersTable(): string {
  return table(
    ['feature', 'used when'],
    features.map((feature) => [feature, featureTriggers[feature]]),
  );
}

function cell(support: Support): string {
  if (support.level === 'exact') return 'yes';
  return support.level === 'approximate' ? `about: ${support.how}` : `no: ${support.why}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Replaces what stands between the marks of one table; a file without the marks is a mistake worth stopping for. */
function replaced(file: string, text: string, name: string, content: string): string {
  const [open, close] = [`<!-- ${name} -->\n`, `<!-- /${name} -->`];
  const start = text.indexOf(open);
  const end = text.indexOf(close);
  if (start < 0 || end < start) throw new Error(`${file} has no place for ${name}: ${open.trim()} ... ${close}`);
  return `${text.slice(0, start + open.length)}${content}\n${text.slice(end)}`;
}

const tables = { kinds: kindsTable(), features: featuresTable(), triggers: triggersTable() };
const places = { 'README.md': ['kinds', 'features'], 'docs/support.md': ['features', 'triggers'] } as const;
for (const [name, wanted] of Object.entries(places)) {
  const file = join(packageRoot(), name);
  const before = readFileSync(file, 'utf8');
  const after = wanted.reduce((text, each) => replaced(name, text, each, tables[each]), before);
  if (!process.argv.includes('--check')) writeFileSync(file, after);
  else if (after !== before) {
    console.error(`the support tables of ${name} differ from the code`);
    process.exitCode = 1;
  }
}
