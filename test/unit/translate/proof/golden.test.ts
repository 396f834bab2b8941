import { describe, expect, test } from 'vitest';
import { translators } from '../../../../src/cli/translators.ts';
import { prove, questionsAbout } from '../../../../src/translate/proof/prove.ts';
import { translate } from '../../../../src/translate/translate.ts';
import { goldenCases } from '../../../support/mesh/cases.ts';
import { checkedCase } from '../../../support/translate/cases.ts';
import { optionsOf } from '../../../support/translate/options.ts';

const loaded = await Promise.all(Object.values(translators).map((load) => load()));

/** Of some cases some requests; 10,000 of each: npm run translate:prove. */
const wanted = { count: 100, seed: 20_261_128 };

describe('documents of golden cases', () => {
  test('mean what the mesh means', () => {
    expect(loaded.length).toBeGreaterThan(0);
    for (const golden of goldenCases().filter(({ outputs }, index) => outputs === 'all' && index % 4 === 0)) {
      const { model } = checkedCase(golden);
      const questions = [...questionsAbout(model, wanted)];
      for (const translator of loaded) {
        const proof = prove(model, translator, translate(translator, model, optionsOf(translator)), questions);
        expect(proof?.counterExample, `${translator.id}, ${golden.name}`).toBeUndefined();
      }
    }
  });
});
