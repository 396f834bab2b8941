import { err, ok, type Result } from '../../lib/result.ts';
import { isRecord } from '../../lib/values.ts';
import type { WeightChange } from '../api/contract.ts';

const maxBackends = 100;
const maxWeight = 1_000_000;

/** Reads the body of a request that moves weights; the error is a sentence. */
export function parseWeightChange(text: string): Result<WeightChange, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('the body is not JSON');
  }
  const { expected, weights } = isRecord(value) ? value : {};
  if (!isWeights(expected) || !isWeights(weights)) {
    return err(`expected and weights must be whole numbers from 0 to ${maxWeight} by backend`);
  }
  const same = Object.keys(expected).sort().join() === Object.keys(weights).sort().join();
  return same ? ok({ expected, weights }) : err('expected and weights must have the same backends');
}

function isWeights(value: unknown): value is Readonly<Record<string, number>> {
  if (!isRecord(value)) return false;
  const weights = Object.values(value);
  return (
    weights.length > 0 &&
    weights.length <= maxBackends &&
    weights.every((one) => Number.isSafeInteger(one) && Number(one) >= 0 && Number(one) <= maxWeight)
  );
}
