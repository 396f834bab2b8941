import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { goldenCases } from './support/mesh/cases.ts';
import { compareOutputs } from './support/mesh/golden-files.ts';
import { outputsOf } from './support/mesh/outputs.ts';
import { compileCase } from './support/mesh/pipeline.ts';
import { referenceOf } from './support/mesh/reference.ts';
import { rows } from './support/mesh/rows.ts';
import { askReference, reportOf } from './support/mesh/three-way.ts';

const cases = goldenCases();

describe('golden cases', () => {
  test.each(cases)('$name: its outputs are the expected ones', (golden) => {
    const problem = compareOutputs(join(golden.directory, 'expected'), outputsOf(golden));
    if (problem !== undefined) expect.fail(problem);
  });

  test.each(cases)('$name: decide() says what its requests expect', (golden) => {
    const report = reportOf(golden, { 'decide()': askReference(golden, compileCase(golden, 10).model) });
    if (report !== undefined) expect.fail(report);
  });

  test('every row of the table of semantics is hit by a request that passes and by one that does not', () => {
    const hit = new Set<string>();
    for (const golden of cases) {
      const { model } = compileCase(golden, 10);
      for (const request of golden.requests) {
        const reference = referenceOf(model, request);
        const answers = reference?.branches.flatMap((branch) => branch.answers) ?? [];
        const passes = answers.some((answer) => answer === 200 || answer === 'connected');
        for (const row of golden.rows) hit.add(`${row}: ${passes ? 'passes' : 'does not'}`);
      }
    }
    const wanted = Object.keys(rows).flatMap((row) => [`${row}: passes`, `${row}: does not`]);
    expect([...hit].sort()).toEqual(wanted.sort());
  });
});
