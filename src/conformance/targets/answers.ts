import type { CallResult } from '../application/calls.ts';
import type { Observation } from '../target.ts';
import type { MeshAnswer, MeshDescription, Sign } from './description.ts';

/** What came of a call, in the words of cases: by the signs that a target file gives of them. */
export function observed({ status, pod, seen, error }: CallResult, answers: MeshDescription['answers']): Observation {
  if (pod !== undefined && (status === undefined || status === 200)) {
    return { outcome: pod, ...(seen === undefined ? {} : { seen }) };
  }
  const sign: Sign | undefined = status ?? (error === undefined ? undefined : 'closed');
  const words = Object.entries(answers).flatMap(([word, signs]) =>
    sign !== undefined && signs.includes(sign) ? [word as MeshAnswer] : [],
  );
  const plain = sign === undefined ? 'nothing' : sign === 'closed' ? 'closed' : `status ${sign}`;
  const [outcome = plain, ...others] = sign === 'closed' ? ['closed', ...words] : words;
  return { outcome, ...(others.length === 0 ? {} : { orElse: others }) };
}
