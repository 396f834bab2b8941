// `main.ts [--to ADAPTER] [--case REGEX] [--most N] [--seed N] [--minutes N] [--out FILE]`: how many small faults in what adapters emit with are found by
// the proof, by a sample of so many of each, drawn by the seed; what the golden documents alone would show is counted beside.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { translators } from '../../../src/cli/translators.ts';
import { randomFrom } from '../../mutants/random.ts';
import { WorkerProcess } from '../../mutants/worker-process.ts';
import { goldenCases } from '../../support/mesh/cases.ts';
import { type EmitterMutant, emitterMutants } from './all.ts';

const { values } = parseArgs({
  options: {
    to: { type: 'string' },
    case: { type: 'string', default: '' },
    most: { type: 'string', default: '150' },
    seed: { type: 'string', default: '20261128' },
    minutes: { type: 'string', default: 'Infinity' },
    out: { type: 'string' },
  },
});

interface Verdict {
  readonly mutant: EmitterMutant;
  /** `proof`: requests show it, or it ends the emitter. `documents`: documents or losses differ, and no request shows it. */
  readonly by: 'proof' | 'documents' | 'nothing';
}

const caseMillis = 20_000;
const names = goldenCases()
  .filter(({ name, outputs }) => outputs === 'all' && new RegExp(values.case).test(name))
  .map(({ name }) => name);
const endsAt = performance.now() + Number(values.minutes) * 60_000;
const lines: string[] = [];
for (const adapter of Object.keys(translators)) {
  if (values.to === undefined || values.to === adapter) lines.push(...report(adapter, await judge(adapter)));
}
console.log(lines.join('\n'));
if (values.out !== undefined) writeFileSync(values.out, `${lines.join('\n')}\n`);

async function judge(adapter: string): Promise<readonly Verdict[]> {
  const worker = new WorkerProcess(adapter, 'test/translate/mutants');
  const verdicts: Verdict[] = [];
  try {
    const all = await worker.ask({ names }, names.length * caseMillis);
    if (typeof all === 'string' || all.failed !== undefined)
      throw new Error(`${adapter} fails without a fault: ${JSON.stringify(all)}`);
    const reached = new Set(all.reached);
    for (const mutant of drawn(emitterMutants(adapter).filter(({ id }) => reached.has(id)))) {
      if (performance.now() > endsAt) break;
      const answer = await worker.ask({ fault: mutant.id, names }, names.length * caseMillis);
      const isFound = typeof answer === 'string' || answer.failed !== undefined;
      verdicts.push({ mutant, by: isFound ? 'proof' : answer.reason === undefined ? 'nothing' : 'documents' });
    }
  } finally {
    worker.stop();
  }
  return verdicts;
}

function drawn(mutants: readonly EmitterMutant[]): readonly EmitterMutant[] {
  const random = randomFrom(values.seed);
  const keyed = mutants.map((mutant) => ({ mutant, key: random() })).sort((one, other) => one.key - other.key);
  return keyed.slice(0, Number(values.most)).map(({ mutant }) => mutant);
}

function report(adapter: string, verdicts: readonly Verdict[]): readonly string[] {
  const count = (by: Verdict['by']) => verdicts.filter((verdict) => verdict.by === by).length;
  const share = (part: number) => `${((part / Math.max(1, verdicts.length)) * 100).toFixed(1)} %`;
  const found = count('proof') + count('documents');
  return [
    `## ${adapter}`,
    '',
    `${verdicts.length} faults: the proof finds ${count('proof')} (${share(count('proof'))}), golden documents ${count('documents')} more (together ${share(found)}).`,
    '',
    '| where | fault | shown by |',
    '|---|---|---|',
    ...verdicts
      .filter(({ by }) => by !== 'proof')
      .map(
        ({ mutant: { file, line, operator, before, after }, by }) =>
          `| \`${file}:${line}\` | ${operator}: ${code(before)} → ${code(after)} | ${by} |`,
      ),
    '',
  ];
}

function code(text: string): string {
  return text === ''
    ? 'left out'
    : `\`${text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('`', "'").slice(0, 120)}\``;
}
