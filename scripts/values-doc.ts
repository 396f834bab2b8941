// Writes the table of the chart's values in docs/install.md, between `<!-- values -->` and `<!-- /values -->`, from
// values.schema.json and values.yaml. With `--check` it writes nothing and fails when the page says something else.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readChart } from '../src/chart/chart.ts';
import { packageRoot } from '../src/lib/package-root.ts';
import { type Fields, isRecord } from '../src/lib/values.ts';

const file = join(packageRoot(), 'docs', 'install.md');
const { schema, defaults } = readChart();
const definitions = isRecord(schema.definitions) ? schema.definitions : {};
/** Those of other charts; nobody sets it here. */
const left = 'global';

function rowsOf(properties: unknown, values: unknown, path: string): readonly string[] {
  if (!isRecord(properties)) return [];
  return Object.entries(properties)
    .filter(([name]) => name !== left)
    .flatMap(([name, field]) => rowOf(resolved(field), isRecord(values) ? values[name] : undefined, `${path}${name}`));
}

function rowOf(field: Fields, value: unknown, path: string): readonly string[] {
  const properties = field.additionalProperties === false ? field.properties : undefined;
  if (isRecord(properties) && !isLeaf(path)) return rowsOf(properties, value, `${path}.`);
  const shown = value === undefined ? '' : `\`${JSON.stringify(value)}\``;
  return [`| \`${path}\` | ${shown} | ${field.description ?? ''} |`];
}

/** Objects that are written as a whole. */
function isLeaf(path: string): boolean {
  return /(^|\.)(resources|issuerRef)$/.test(path) && !path.startsWith('config.');
}

/** Follows a reference; what stands beside it says more about this field. */
function resolved(field: unknown): Fields {
  if (!isRecord(field)) return {};
  const name = typeof field.$ref === 'string' ? field.$ref.replace('#/definitions/', '') : undefined;
  const target = name === undefined ? {} : definitions[name];
  return { ...(isRecord(target) ? target : {}), ...field };
}

const rows = rowsOf(schema.properties, defaults, '');
const table = ['| value | default | what it says |', '| --- | --- | --- |', ...rows].join('\n');
const before = readFileSync(file, 'utf8');
const marked = /<!-- values -->[\s\S]*?<!-- \/values -->/;
if (!marked.test(before)) throw new Error('docs/install.md has no place for the table of values');
const after = before.replace(marked, () => `<!-- values -->\n${table}\n<!-- /values -->`);
if (!process.argv.includes('--check')) writeFileSync(file, after);
else if (after !== before) {
  console.error('the table of values in docs/install.md is not what the chart says');
  process.exitCode = 1;
}
