import { type Feature, features } from '../../adapter/features.ts';
import { featureUses } from '../../adapter/losses.ts';
import { type ContractCase, contractCase, type Subject } from '../case.ts';
import type { Trial } from '../trial.ts';

const protocols: readonly Feature[] = ['http-routing', 'tcp-routing', 'udp-routing'];
/** What no target does of itself. */
const ofRules: readonly Feature[] = ['weighted-split', 'split-with-matches', 'client-rules', 'failed-distribution'];

/** What the table says that the target can route is in some document, or in a loss. */
export function routingCase({ adapter }: Subject, trials: readonly Trial[]): ContractCase {
  const judged = trials.filter(({ skipped }) => skipped === undefined);
  const said = features.filter((feature) => (adapter.support[feature]?.level ?? 'none') !== 'none');
  return contractCase(
    'routing: what the table says is written',
    () => {
      const asked = (some: readonly Feature[], { model }: Trial) => {
        const used = new Set(featureUses(model).map(({ feature }) => feature));
        return some.filter((feature) => said.includes(feature) && used.has(feature));
      };
      const empty = judged.filter(({ first }) => first().artifacts.length === 0);
      const never = judged.flatMap((trial) => asked([...protocols, ...ofRules], trial));
      if (empty.length === judged.length && never.length > 0) {
        return [`nothing is written of any model, and the table says ${[...new Set(never)].join(', ')}`];
      }
      return empty.flatMap((trial) => {
        const left = asked(ofRules, trial);
        const lost = trial.first().losses.some(({ feature }) => ofRules.includes(feature));
        return left.length === 0 || lost
          ? []
          : [`nothing is written of ${trial.name}, no loss says why, and the table says ${left.join(', ')}`];
      });
    },
    judged.length === 0 ? 'nothing is written of any model' : undefined,
  );
}
