import { canonicalJson } from '../../model/canonical.ts';
import { prove, questionsAbout } from '../../translate/proof/prove.ts';
import { type ContractCase, contractCase, type Subject } from '../case.ts';
import type { Trial } from '../trial.ts';

/** Of each model; `smi-cli translate --prove` asks many more. */
const wanted = { count: 500, seed: 1 };

/**
 * Nothing that the mesh refuses gets through the target, and the rest is as the mesh means it but for what the adapter states:
 * the adapter's own `simulate` is asked about requests at the boundaries of the model.
 */
export function proofCase({ adapter }: Subject, { name, model, first, skipped: refused }: Trial): ContractCase {
  const skipped = adapter.simulate === undefined ? 'the adapter has no simulate: not provable' : refused;
  return contractCase(
    `proof: ${name}`,
    () => {
      const { losses, refusals, artifacts: seen } = first();
      const artifacts = seen.map(({ name: file, format, body, origins }) => ({ name: file, format, body, origins }));
      const translation = { artifacts, losses, general: [], refusals };
      const proof = prove(model, adapter, translation, questionsAbout(model, wanted));
      if (proof?.counterExample === undefined) return [];
      const { request, difference, done } = proof.counterExample;
      return [`${canonicalJson(request)}: ${difference}; the documents make of it ${canonicalJson(done)}`];
    },
    skipped,
  );
}
