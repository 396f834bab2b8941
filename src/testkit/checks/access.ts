import { canonicalJson } from '../../model/canonical.ts';
import { prove, questionsAbout } from '../../translate/proof/prove.ts';
import { translate } from '../../translate/translate.ts';
import { type ContractCase, contractCase, type Subject } from '../case.ts';
import type { NamedModel } from '../models.ts';

/** Of each model; `smi-cli translate --prove` asks many more. */
const wanted = { count: 500, seed: 1 };

/**
 * Nothing that the mesh refuses gets through the target, and the rest is as the mesh means it but for what the adapter states:
 * the adapter's own `simulate` is asked about requests at the boundaries of the model.
 */
export function accessCase(
  { adapter, options }: Subject,
  { name, model }: NamedModel,
  refused: string | undefined,
): ContractCase {
  const skipped = adapter.simulate === undefined ? 'the adapter has no simulate: not provable' : refused;
  return contractCase(
    `access: ${name}`,
    () => {
      const proof = prove(model, adapter, translate(adapter, model, options), questionsAbout(model, wanted));
      if (proof?.counterExample === undefined) return [];
      const { request, difference, done } = proof.counterExample;
      return [`${canonicalJson(request)}: ${difference}; the documents make of it ${canonicalJson(done)}`];
    },
    skipped,
  );
}
