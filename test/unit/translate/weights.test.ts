import { describe, expect, test } from 'vitest';
import type { Translator } from '../../../src/adapter/contract.ts';
import { defaultCompileOptions } from '../../../src/compile/index.ts';
import { checkSourceSet } from '../../../src/library/check.ts';
import { readSourceText } from '../../../src/source/read.ts';
import { ledgerOf } from '../../../src/translate/ledger/ledger.ts';
import { prove, questionsAbout } from '../../../src/translate/proof/prove.ts';
import { translate } from '../../../src/translate/translate.ts';
import { optionsOf, triedTargets } from '../../support/translate/options.ts';
import { toyTranslator } from '../../support/translate/toy.ts';

const tried = await triedTargets();

/** Weights in the notation of v1alpha1, and what a target gets that wants percents. */
const cases = [
  { weights: ['900m', '100m'], percents: [90, 10] },
  { weights: ['1', '500m'], percents: [67, 33] },
  { weights: ['1', '1', '1'], percents: [34, 33, 33] },
  { weights: ['1', '0'], percents: [100, 0] },
  { weights: ['0', '0'], percents: [] },
] as const;

function meshOf(weights: readonly string[]) {
  const names = weights.map((_, index) => `v${index + 1}`);
  const objects = [
    ...['shop', ...names].flatMap((name) => [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name },
        spec: { selector: { app: name }, ports: [{ port: 80, targetPort: 8080 }] },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, labels: { app: name } },
        spec: { containers: [{ name: 'main', ports: [{ containerPort: 8080 }] }] },
      },
    ]),
    {
      apiVersion: 'split.smi-spec.io/v1alpha1',
      kind: 'TrafficSplit',
      metadata: { name: 'shop' },
      spec: { service: 'shop', backends: names.map((service, index) => ({ service, weight: weights[index] })) },
    },
  ];
  const text = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  return checkSourceSet(readSourceText('mesh.yaml', text), {
    ...defaultCompileOptions,
    settings: { ...defaultCompileOptions.settings, accessMode: 'allow' },
  });
}

function weightFates(checked: ReturnType<typeof meshOf>, translator: Translator) {
  const { objects } = ledgerOf(checked, translator, translate(translator, checked.model, optionsOf(translator)));
  const fields = objects.flatMap(({ fields: all }) => all).filter(({ path }) => path.endsWith('.weight'));
  return fields.map(({ fate, why = '' }) => `${fate} ${why}`);
}

describe.each(cases)('weights $weights', ({ weights, percents }) => {
  const checked = meshOf(weights);

  test('are exact of a target that wants 100 in all, or the ledger says by how much', () => {
    const { artifacts } = translate(toyTranslator, checked.model, optionsOf(toyTranslator));
    const split = artifacts.find(({ name }) => name === 'default/shop/80')?.body;
    const shares = percents.map((percent, index) => ({ service: `default/v${index + 1}`, port: 80, percent }));
    expect(split).toMatchObject({ spec: { shares } });
    const amounts = weights.map((weight) =>
      weight.endsWith('m') ? Number.parseInt(weight, 10) : Number(weight) * 1_000,
    );
    const total = amounts.reduce((sum, amount) => sum + amount, 0);
    const isExact = percents.every((percent, index) => percent * total === (amounts[index] ?? 0) * 100);
    const fates = weightFates(checked, toyTranslator);
    if (percents.length === 0) expect(fates.every((fate) => /^(changed|lost) every weight /.test(fate))).toBe(true);
    else if (isExact) expect(new Set(fates)).toEqual(new Set(['kept ']));
    else expect(fates.every((fate) => /^changed weights [\d:]+ become percents [\d:]+$/.test(fate))).toBe(true);
  });

  test('are exact of every other target, or a loss says so', () => {
    const questions = [...questionsAbout(checked.model, { count: 60, seed: 1 })];
    for (const { name, translator, options } of tried) {
      const translation = translate(translator, checked.model, options);
      const proof = prove(checked.model, translator, translation, questions);
      expect(proof?.counterExample, name).toBeUndefined();
    }
  });
});
