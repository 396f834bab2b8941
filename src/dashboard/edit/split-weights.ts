import { err, ok, type Result } from '../../lib/result.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import { wholeWeights } from '../../smi/split/weights.ts';
import type { WeightChange } from '../api/contract.ts';
import type { EditProblem } from '../server/upstream.ts';

/** A TrafficSplit of any version with other weights; everything else stays as it is written. */
export function withWeights(
  object: Fields,
  namespace: string,
  { expected, weights }: WeightChange,
): Result<Fields, EditProblem> {
  const { spec } = object;
  const backends = isRecord(spec) && Array.isArray(spec.backends) ? spec.backends.filter(isRecord) : [];
  const written = wholeWeights(backends.map(({ weight }) => weight as number | string));
  if (!isRecord(spec) || !written.ok) return problem('invalid', 'the split has no weights that can be read');
  const names = backends.map(({ service }) => `${namespace}/${String(service).split('.')[0]}`);
  const missing = Object.keys(expected).filter((name) => !names.includes(name));
  if (missing.length > 0) return problem('stale', `the split has no backend ${missing.join(', ')} any more`);
  for (const [index, name] of names.entries()) {
    const known = expected[name];
    if (known !== undefined && known !== written.value[index]) {
      return problem('stale', `the weight of ${name} is ${written.value[index]} now, not ${known}`);
    }
  }
  const moved = backends.map((backend, index) => {
    const name = names[index] ?? '';
    // Weights that were quantities become whole numbers together, or their ratio would change.
    return { ...backend, weight: weights[name] ?? written.value[index] };
  });
  if (moved.every(({ weight }) => weight === 0))
    return problem('invalid', 'with every weight 0 all requests would fail');
  return ok({ ...object, spec: { ...spec, backends: moved } });
}

export function problem(kind: EditProblem['kind'], text: string): Result<never, EditProblem> {
  return err({ kind, text });
}
