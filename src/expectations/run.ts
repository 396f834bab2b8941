import { explain } from '../explain/explain.ts';
import type { MeshModel } from '../model/types.ts';
import { unmet } from './check.ts';
import { coverageOf } from './coverage.ts';
import type { Expectation, ExpectationResult, ExpectationsReport } from './types.ts';

/** Compares expectations with what a model means, and says what of the policies they leave untried. */
export function runExpectations(model: MeshModel, expectations: readonly Expectation[]): ExpectationsReport {
  const results = expectations.map((expectation): ExpectationResult => {
    const explained = explain(model, expectation.question);
    if (!explained.ok) return { expectation, problems: [explained.error] };
    return { expectation, problems: unmet(expectation, explained.value), explanation: explained.value };
  });
  const explanations = results.flatMap(({ explanation }) => explanation ?? []);
  return { results, coverage: coverageOf(model, explanations) };
}
