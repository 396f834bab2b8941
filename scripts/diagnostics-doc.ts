// Writes docs/diagnostics.md from the catalogue of codes and the examples in docs/diagnostics. Run it after adding or changing one:
// node scripts/diagnostics-doc.ts. With `--check` it writes nothing and fails when the page says something else.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { catalogue, type DiagnosticCode } from '../src/diagnostics/catalogue.ts';

const ranges: Readonly<Record<string, string>> = {
  1: 'Reading input',
  2: 'The shape of one object',
  3: 'References between objects',
  4: 'What objects mean together',
  5: 'Adapters and proxies',
  6: 'Running a mesh',
};

/** The page as Markdown: every code with its severity, meaning and next step, by range. */
export function renderCatalogue(): string {
  const codes = (Object.keys(catalogue) as DiagnosticCode[]).sort();
  const sections = Object.entries(ranges).flatMap(([digit, title]) => {
    const inRange = codes.filter((code) => code.startsWith(`SMI${digit}`));
    return inRange.length === 0 ? [] : [`## ${digit}xxx: ${title}`, ...inRange.map(renderCode)];
  });
  return `${[introduction, ...sections].join('\n\n')}\n`;
}

const introduction = `# Diagnostics

<!-- Written by scripts/diagnostics-doc.ts from src/diagnostics/codes; do not edit. -->

Every finding has a code that never changes its meaning, a place (file, line, column and field) and a next step. An **error** refuses
the object it is about, or says that something in it cannot take effect; a **warning** points out what is probably not meant; an
**info** explains. \`smi-cli validate\` fails on errors, or on less with \`--fail-on\`. The severity given here is the usual one: a case
may be graver or milder, and its text says why.

Each code has an example that is reported and one that is not; tests run them all. The manifests stand beside those of
[base.yaml](diagnostics/base.yaml), a small shop, whose objects they replace where the names are the same. How to leave a finding out is said
in [validate.md](validate.md).`;

function renderCode(code: DiagnosticCode): string {
  const { severity, title, explanation, hint } = catalogue[code];
  const parts = [`### ${code}: ${title}`, `*${severity}.* ${explanation}`, `Next step: ${hint}`];
  return [...parts, ...example(code, 'bad'), ...example(code, 'good')].join('\n\n');
}

const examples = new URL('../docs/diagnostics/', import.meta.url);
const exampleFiles = readdirSync(new URL('examples', examples));

/** An example as a block, under a word that says which it is; none while a code has none. */
function example(code: DiagnosticCode, which: 'bad' | 'good'): readonly string[] {
  const name = exampleFiles.find((file) => file.startsWith(`${code}.${which}.`));
  if (name === undefined) return [];
  const language = name.endsWith('.yaml') ? 'yaml' : 'text';
  const text = readFileSync(new URL(`examples/${name}`, examples), 'utf8').trimEnd();
  return [which === 'bad' ? 'Bad:' : 'Good:', `\`\`\`${language}\n${text}\n\`\`\``];
}

const page = new URL('../docs/diagnostics.md', import.meta.url);
if (import.meta.main && !process.argv.includes('--check')) writeFileSync(page, renderCatalogue());
else if (import.meta.main && readFileSync(page, 'utf8') !== renderCatalogue()) {
  console.error('docs/diagnostics.md differs from the catalogue');
  process.exitCode = 1;
}
