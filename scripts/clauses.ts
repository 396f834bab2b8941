// Writes the table of SMI's clauses into docs/semantics.md from test/clauses.ts, between `<!-- clauses -->` and
// `<!-- /clauses -->`. With `--check` it writes nothing and fails when the page says something else.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/lib/package-root.ts';
import { type Clause, clauseGroups, clauses } from '../test/clauses.ts';

const [open, close] = ['<!-- clauses -->\n', '<!-- /clauses -->'];

/** What is pending, by name, and a table for each group of clauses. */
export function renderClauses(): string {
  const pending = Object.entries(clauses).flatMap(([id, clause]) =>
    clause.pending === undefined ? [] : [`- ${id}: ${clause.pending}`],
  );
  return ['Pending:', '', ...pending, '', renderTables()].join('\n');
}

function renderTables(): string {
  return Object.entries(clauseGroups)
    .map(([letter, title]) => {
      const rows = Object.entries(clauses)
        .filter(([id]) => id.startsWith(`${letter}-`))
        .map(([id, clause]) => `| ${id} | ${cell(clause.says)} | ${sides(clause)} | ${evidence(clause)} |`);
      return [`### ${title}`, '', '| clause | in our words | shown on | by |', '|---|---|---|---|', ...rows, ''].join(
        '\n',
      );
    })
    .join('\n');
}

/** A golden case sends its requests through all three. */
function sides({ cases, tests }: Clause): string {
  if (cases !== undefined) return 'decide(), our proxy, Envoy';
  return tests === undefined ? '-' : 'the tools';
}

function evidence({ cases = [], tests = [], apart, pending }: Clause): string {
  const parts = [
    cases.map((name) => `\`${name}\``).join(', '),
    tests.map(([file, name]) => `\`${file}\` "${cell(name)}"`).join(', '),
    apart === undefined ? '' : `not by requests: ${cell(apart)}`,
    pending === undefined ? '' : `**pending**: ${cell(pending)}`,
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function replaced(page: string): string {
  const start = page.indexOf(open);
  const end = page.indexOf(close);
  if (start < 0 || end < start)
    throw new Error(`docs/semantics.md has no place for the clauses: ${open.trim()} ... ${close}`);
  return `${page.slice(0, start + open.length)}\n${renderClauses()}\n${page.slice(end)}`;
}

if (import.meta.main) {
  const file = join(packageRoot(), 'docs/semantics.md');
  const before = readFileSync(file, 'utf8');
  const after = replaced(before);
  if (!process.argv.includes('--check')) writeFileSync(file, after);
  else if (after !== before) {
    console.error('the clauses in docs/semantics.md differ from test/clauses.ts');
    process.exitCode = 1;
  }
}
