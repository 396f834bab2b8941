// One process that has all faults of a group in it, off; it is told which one to switch on, and what to run then.
//   node --import ./test/mutants/hooks.ts test/mutants/worker.ts simulated|local
import { dataPlanes } from '../../src/cli/data-planes.ts';
import { loadCases } from '../../src/conformance/load.ts';
import { runConformance } from '../../src/conformance/run.ts';
import type { Target } from '../../src/conformance/target.ts';
import { localTarget } from '../../src/conformance/targets/local/target.ts';
import { simulatedTarget } from '../../src/conformance/targets/simulated.ts';
import { compile, parse } from '../../src/library/manifests.ts';
import { decide } from '../../src/model/decide.ts';
import type { MeshModel } from '../../src/model/types.ts';
import type { Answer, Question } from './protocol.ts';
import { faults } from './switch.ts';

/** In a local mesh what has landed is in force, so that whatever is wrong then stays wrong. */
const convergenceMillis = 1_000;

const loaded = loadCases();
if (!loaded.ok) throw new Error(loaded.error.join('\n'));
const cases = new Map(loaded.value.map((testCase) => [testCase.name, testCase]));

const target = process.argv[2] === 'simulated' ? simulated() : local();

process.on('message', (question: Question) => {
  void answer(question).then((found) => process.send?.(found));
});
process.on('disconnect', () => process.exit());
process.send?.({ ready: true } satisfies Answer);

async function answer({ fault, names }: Question): Promise<Answer> {
  faults.on = fault ?? -1;
  faults.reached.clear();
  const chosen = names.flatMap((name) => cases.get(name) ?? []);
  const results = await runConformance({ cases: chosen, target });
  const failures = results.filter(({ result }) => result === 'failed');
  faults.on = -1;
  return {
    ready: true,
    reached: [...faults.reached],
    failed: failures.map(({ testCase }) => testCase.name),
    reason: failures[0]?.reasons[0] ?? '',
  };
}

/** Models are made once, without a fault: it is `decide()` that has them. */
function simulated(): Target {
  const models = new Map<string, MeshModel>();
  return simulatedTarget(decide, (manifests, settings) => {
    const key = `${JSON.stringify(settings)} ${manifests}`;
    const known = models.get(key);
    if (known !== undefined) return known;
    const { on } = faults;
    const reached = [...faults.reached];
    faults.on = -1;
    const { model } = compile(parse(manifests), { settings });
    faults.on = on;
    faults.reached.clear();
    for (const id of reached) faults.reached.add(id);
    models.set(key, model);
    return model;
  });
}

function local(): Target {
  return { ...localTarget(dataPlanes), convergenceMillis };
}
