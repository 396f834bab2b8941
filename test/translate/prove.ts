// `prove.ts [--case REGEX] [--to TARGET] [--count N] [--seed N]`: asks what every translator writes of every golden case about so many
// requests each, and changes every field of the cases' objects to see whether the ledger is right about it. Numbers are printed case by case.
import { parseArgs } from 'node:util';
import { prove, questionsAbout } from '../../src/translate/proof/prove.ts';
import { translate } from '../../src/translate/translate.ts';
import { type GoldenCase, goldenCases } from '../support/mesh/cases.ts';
import { checkedCase } from '../support/translate/cases.ts';
import { wrongFates } from '../support/translate/field-changes.ts';
import { triedTargets } from '../support/translate/options.ts';

const { values } = parseArgs({
  options: {
    case: { type: 'string', default: '' },
    to: { type: 'string' },
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '20261128' },
  },
});

const tried = await triedTargets();
const chosen = tried.filter(({ name, translator }) => [undefined, name, translator.id].includes(values.to));
const cases = goldenCases().filter(({ name, outputs }) => outputs === 'all' && new RegExp(values.case).test(name));
const totals = new Map(
  chosen.map(({ name }) => [name, { asked: 0, agreed: 0, narrower: 0, otherwise: 0, least: Infinity }]),
);
let failures = 0;
const millis = { proof: 0, ledger: 0 };
for (const golden of cases) proveCase(golden);
for (const [name, { asked, agreed, narrower, otherwise, least }] of totals) {
  console.log(
    `${name}: ${cases.length} cases, ${asked} requests (at least ${least} of a case): ${agreed} agree, ${narrower} are narrower and ${otherwise} differ, as stated`,
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
  for (const { name, translator, options } of chosen) {
    const proof = timed('proof', () => prove(model, translator, translate(translator, model, options), questions));
    if (proof === undefined) {
      fail(`${golden.name}, ${name}: nothing is written`);
      continue;
    }
    add(name, proof);
    const { asked, agreed, narrower, otherwise } = proof;
    console.log(`${golden.name}, ${name}: ${asked} requests, ${agreed}, ${narrower} and ${otherwise}`);
    if (proof.counterExample !== undefined) fail(`${golden.name}, ${name}: ${JSON.stringify(proof.counterExample)}`);
    const wrong = timed('ledger', () => wrongFates(golden, translator, options));
    for (const each of wrong) fail(`${name}: ${each}`);
  }
}

function timed<T>(part: keyof typeof millis, work: () => T): T {
  const started = performance.now();
  const result = work();
  millis[part] += performance.now() - started;
  return result;
}

function add(name: string, proof: { asked: number; agreed: number; narrower: number; otherwise: number }): void {
  const total = totals.get(name);
  if (total === undefined) return;
  for (const key of ['asked', 'agreed', 'narrower', 'otherwise'] as const) total[key] += proof[key];
  total.least = Math.min(total.least, proof.asked);
}

function fail(text: string): void {
  failures += 1;
  console.log(text);
}
