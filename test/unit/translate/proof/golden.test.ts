import { describe, expect, test } from 'vitest';
import { prove, questionsAbout } from '../../../../src/translate/proof/prove.ts';
import { translate } from '../../../../src/translate/translate.ts';
import { goldenCases } from '../../../support/mesh/cases.ts';
import { checkedCase } from '../../../support/translate/cases.ts';
import { triedTargets } from '../../../support/translate/options.ts';

const tried = await triedTargets();

/** Of some cases some requests; 10,000 of each: npm run translate:prove. */
const wanted = { count: 100, seed: 20_261_128 };

describe('documents of golden cases', () => {
  test('mean what the mesh means', () => {
    expect(tried.length).toBeGreaterThan(0);
    for (const golden of goldenCases().filter(({ outputs }, index) => outputs === 'all' && index % 4 === 0)) {
      const { model } = checkedCase(golden);
      const questions = [...questionsAbout(model, wanted)];
      for (const { name, translator, options } of tried) {
        const proof = prove(model, translator, translate(translator, model, options), questions);
        expect(proof?.counterExample, `${name}, ${golden.name}`).toBeUndefined();
      }
    }
  });
});
