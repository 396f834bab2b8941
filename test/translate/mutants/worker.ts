// One process that has all faults of an adapter's emitter in it, off; it is told which one to switch on, and says who finds it.
//   node --import ./test/translate/mutants/hooks.ts test/translate/mutants/worker.ts ADAPTER
import type { Answer, Question } from '../../mutants/protocol.ts';
import { faults } from '../../mutants/switch.ts';
import { finderOf, rememberGoldens } from './finders.ts';
import { subjectsOf } from './subjects.ts';
import { targetNamed } from './targets.ts';

const target = await targetNamed(process.argv[2] ?? '');
const subjects = subjectsOf(target);
rememberGoldens(subjects);

process.on('message', (question: Question) => process.send?.(answer(question)));
process.on('disconnect', () => process.exit());
process.send?.({ ready: true } satisfies Answer);

/** `failed` is who finds the fault, `reason` by what. */
function answer({ fault }: Question): Answer {
  faults.on = fault ?? -1;
  faults.reached.clear();
  const found = finderOf(target, subjects);
  faults.on = -1;
  const { by, what: reason = '' } = found ?? {};
  return { ready: true, reached: [...faults.reached], failed: by === undefined ? [] : [by], reason };
}
