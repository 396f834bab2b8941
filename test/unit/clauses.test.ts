import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { renderClauses } from '../../scripts/clauses.ts';
import { type clauseGroups, clauses } from '../clauses.ts';
import { goldenCases } from '../support/mesh/cases.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** How many clauses each part of the specifications has. */
const counts = { S: 15, R: 7, T: 4, A: 13, I: 6, V: 5, D: 15, F: 4, X: 7 } satisfies Record<
  keyof typeof clauseGroups,
  number
>;

const wanted = Object.entries(counts).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}-${index + 1}`),
);
const cases = goldenCases();

describe('the clauses of SMI', () => {
  test('are all there, in order', () => {
    expect(Object.keys(clauses)).toEqual(wanted);
  });

  test.each(Object.entries(clauses))('%s is shown, or says why not', (_, { cases: shown, tests, apart, pending }) => {
    expect([shown, tests, apart, pending].some((part) => part !== undefined && part.length > 0)).toBe(true);
  });

  test('name golden cases that list them, and are named by every case that lists them', () => {
    const named = Object.entries(clauses).flatMap(([id, clause]) =>
      (clause.cases ?? []).map((name) => `${name} ${id}`),
    );
    const listed = cases.flatMap((golden) => golden.clauses.map((id) => `${golden.name} ${id}`));
    expect(named.sort()).toEqual(listed.sort());
  });

  test.each(Object.values(clauses).flatMap(({ tests = [] }) => tests))('%s has a test "%s"', (file, name) => {
    const path = join(root, file);
    expect(existsSync(path)).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain(`'${name}'`);
  });

  test('stand on the page of semantics as they are here (node scripts/clauses.ts writes them)', () => {
    expect(readFileSync(join(root, 'docs/semantics.md'), 'utf8')).toContain(renderClauses());
  });
});
