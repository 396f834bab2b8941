import { parseQuantity, type Rational, scaleToIntegers } from '../../lib/quantity.ts';
import { err, ok, type Result } from '../../lib/result.ts';

/** The largest weight of the hub. */
const weightLimit = 2_147_483_647;

/**
 * Weights as whole numbers. Quantities of v1alpha1 (`900m` and `100m`) are scaled together (9 and 1), so that every ratio
 * stays what it was; numbers that are whole already stay as they are.
 */
export function wholeWeights(
  weights: readonly (number | string)[],
): Result<readonly number[], { readonly message: string; readonly hint: string }> {
  if (weights.every((weight) => Number.isSafeInteger(weight) && Number(weight) <= weightLimit)) {
    return ok(weights as readonly number[]);
  }
  const quantities: Rational[] = [];
  for (const weight of weights) {
    const parsed = parseQuantity(String(weight));
    if (!parsed.ok) {
      return err({ message: `the weight ${String(weight)} is ${parsed.error}`, hint: 'Write it like 500m or 1.' });
    }
    quantities.push(parsed.value);
  }
  const scaled = scaleToIntegers(quantities, weightLimit);
  if (scaled !== undefined) return ok(scaled);
  return err({
    message: `the weights ${weights.join(', ')} are too far apart: no whole numbers up to ${weightLimit} have their ratios`,
    hint: 'Round the weights: nobody can tell such shares apart.',
  });
}
