// One process that has all faults of an adapter's emitter in it, off; it is told which one to switch on, and which cases to translate then.
//   node --import ./test/translate/mutants/hooks.ts test/translate/mutants/worker.ts ADAPTER
import { isDeepStrictEqual } from 'node:util';
import { translators } from '../../../src/cli/translators.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { prove, type Question, questionsAbout } from '../../../src/translate/proof/prove.ts';
import { type Translation, translate } from '../../../src/translate/translate.ts';
import type { Answer, Question as Trial } from '../../mutants/protocol.ts';
import { faults } from '../../mutants/switch.ts';
import { goldenCases } from '../../support/mesh/cases.ts';
import { checkedCase } from '../../support/translate/cases.ts';
import { optionsOf } from '../../support/translate/options.ts';

interface Case {
  readonly model: MeshModel;
  readonly questions: readonly Question[];
  readonly right: Translation;
}

const wanted = { count: 200, seed: 20_261_128 };

const load = translators[process.argv[2] ?? ''];
if (load === undefined) throw new Error(`no adapter ${process.argv[2]}`);
const translator = await load();
const options = optionsOf(translator);
const known = new Map<string, Case>();

process.on('message', (trial: Trial) => process.send?.(answer(trial)));
process.on('disconnect', () => process.exit());
process.send?.({ ready: true } satisfies Answer);

/** `failed` is the first case whose requests show the fault; `reason`, where none does, one whose documents or losses it changes. */
function answer({ fault, names }: Trial): Answer {
  const cases = names.map((name) => [name, caseOf(name)] as const);
  faults.on = fault ?? -1;
  faults.reached.clear();
  let changed: string | undefined;
  for (const [name, { model, questions, right }] of cases) {
    const how = tried(model, questions, right);
    if (how === 'proof') return { ready: true, failed: [name] };
    if (how === 'documents') changed ??= name;
  }
  return { ready: true, reached: [...faults.reached], ...(changed === undefined ? {} : { reason: changed }) };
}

function tried(
  model: MeshModel,
  questions: readonly Question[],
  right: Translation,
): 'proof' | 'documents' | undefined {
  try {
    const translation = translate(translator, model, options);
    if (isDeepStrictEqual(translation, right)) return undefined;
    const shown = prove(model, translator, translation, questions)?.counterExample !== undefined;
    return shown ? 'proof' : 'documents';
  } catch {
    return 'proof';
  }
}

function caseOf(name: string): Case {
  const before = known.get(name);
  if (before !== undefined) return before;
  faults.on = -1;
  const golden = goldenCases().find((one) => one.name === name);
  if (golden === undefined) throw new Error(`no case ${name}`);
  const { model } = checkedCase(golden);
  const made = { model, questions: [...questionsAbout(model, wanted)], right: translate(translator, model, options) };
  known.set(name, made);
  return made;
}
