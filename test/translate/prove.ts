// `prove.ts [--case REGEX] [--to ADAPTER] [--count N] [--seed N]`: asks what every translator writes of every golden case about so many
// requests each, and changes every field of the cases' objects to see whether the ledger is right about it. Numbers are printed case by case.
import { parseArgs } from 'node:util';
import type { Translator } from '../../src/adapter/contract.ts';
import { translators } from '../../src/cli/translators.ts';
import { prove, questionsAbout } from '../../src/translate/proof/prove.ts';
import { translate } from '../../src/translate/translate.ts';
import { type GoldenCase, goldenCases } from '../support/mesh/cases.ts';
import { checkedCase } from '../support/translate/cases.ts';
import { wrongFates } from '../support/translate/field-changes.ts';
import { optionsOf } from '../support/translate/options.ts';

const { values } = parseArgs({
  options: {
    case: { type: 'string', default: '' },
    to: { type: 'string' },
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '20261128' },
  },
});

const loaded = await Promise.all(Object.values(translators).map((load) => load()));
const chosen = loaded.filter(({ id }) => values.to === undefined || values.to === id);
const cases = goldenCases().filter(({ name, outputs }) => outputs === 'all' && new RegExp(values.case).test(name));
const totals = new Map(
  chosen.map(({ id }) => [id, { asked: 0, agreed: 0, narrower: 0, otherwise: 0, least: Infinity }]),
);
let failures = 0;
const millis = { proof: 0, ledger: 0 };
for (const golden of cases) proveCase(golden);
for (const [id, { asked, agreed, narrower, otherwise, least }] of totals) {
  console.log(
    `${id}: ${cases.length} cases, ${asked} requests (at least ${least} of a case): ${agreed} agree, ${narrower} are narrower and ${otherwise} differ, as stated`,
  );
}
const took = (Object.keys(millis) as (keyof typeof millis)[]).map(
  (part) => `${part} ${(millis[part] / 1_000).toFixed(0)} s`,
);
console.log(`took: ${took.join(', ')}`);
console.log(failures === 0 ? 'every field of the ledger is right' : `${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

function proveCase(golden: GoldenCase): void {
  const { model } = checkedCase(golden);
  const questions = timed('proof', () => [
    ...questionsAbout(model, { count: Number(values.count), seed: Number(values.seed) }),
  ]);
  for (const translator of chosen) {
    const options = optionsOf(translator);
    const proof = timed('proof', () => prove(model, translator, translate(translator, model, options), questions));
    if (proof === undefined) {
      fail(`${golden.name}, ${translator.id}: nothing is written`);
      continue;
    }
    add(translator, proof);
    const { asked, agreed, narrower, otherwise } = proof;
    console.log(`${golden.name}, ${translator.id}: ${asked} requests, ${agreed}, ${narrower} and ${otherwise}`);
    if (proof.counterExample !== undefined) fail(`${golden.name}: ${JSON.stringify(proof.counterExample)}`);
    const wrong = timed('ledger', () => wrongFates(golden, translator, options));
    for (const each of wrong) fail(`${translator.id}: ${each}`);
  }
}

function timed<T>(part: keyof typeof millis, work: () => T): T {
  const started = performance.now();
  const result = work();
  millis[part] += performance.now() - started;
  return result;
}

function add({ id }: Translator, proof: { asked: number; agreed: number; narrower: number; otherwise: number }): void {
  const total = totals.get(id);
  if (total === undefined) return;
  for (const key of ['asked', 'agreed', 'narrower', 'otherwise'] as const) total[key] += proof[key];
  total.least = Math.min(total.least, proof.asked);
}

function fail(text: string): void {
  failures += 1;
  console.log(text);
}
