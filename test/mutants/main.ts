// `main.ts [--group NAME] [--place REGEX] [--case REGEX] [--local N] [--seed N] [--most N] [--minutes N] [--learn N] [--judged] [--kept FILE] [--out FILE]`:
// how many small faults in what decides about requests the conformance suite finds, by all cases that reach each of them. Those that `judged.ts` says no case can or should find are not
// tried in local meshes, and count as not found; with --judged they are. --local draws so many of the adapter and of the proxy by the seed,
// --most asks so many cases at most, after --minutes no more are begun, and --kept tries again only what has not been
// found according to the file, which knows what cases reach, too: with --learn only so many others are looked at.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadCases } from '../../src/conformance/load.ts';
import { allMutants, type Group, groups, type Mutant, otherMatters } from './groups.ts';
import { judgementOf } from './judged.ts';
import { KeptResults } from './kept.ts';
import { randomFrom } from './random.ts';
import { renderMarkdown, type Untried } from './report.ts';
import { Trial, type Verdict } from './trial.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '20261128' },
    local: { type: 'string', default: 'Infinity' },
    most: { type: 'string', default: 'Infinity' },
    learn: { type: 'string', default: 'Infinity' },
    group: { type: 'string' },
    place: { type: 'string', default: '' },
    case: { type: 'string', default: '' },
    minutes: { type: 'string', default: 'Infinity' },
    judged: { type: 'boolean', default: false },
    kept: { type: 'string' },
    out: { type: 'string' },
  },
});

const endsAt = performance.now() + Number(values.minutes) * 60_000;
const scratch = mkdtempSync(join(tmpdir(), 'smi-mutants-'));
process.env.TMPDIR = scratch;
const loaded = loadCases();
if (!loaded.ok) throw new Error(loaded.error.join('\n'));
const names = loaded.value.map(({ name }) => name).filter((name) => new RegExp(values.case).test(name));
const mutants = allMutants();
const kept = new KeptResults(values.kept);
const verdicts: Verdict[] = [];
const untried = new Map<Group, Untried>();
try {
  const chosen = (Object.keys(groups) as Group[]).filter(
    (group) => values.group === undefined || values.group === group,
  );
  for (const [target, some] of Map.groupBy(chosen, (group) => groups[group].target)) await tryGroups(target, some);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const report = renderMarkdown(
  verdicts.toSorted((one, other) => one.mutant.id - other.mutant.id),
  untried,
);
console.log(report);
if (values.out !== undefined) writeFileSync(values.out, report);

/** Groups that one target shows. */
async function tryGroups(target: string, some: readonly Group[]): Promise<void> {
  const trial = new Trial(target, names, kept);
  try {
    const started = performance.now();
    await trial.learn(Number(values.learn));
    console.error(`${target}: ${trial.cases} cases, ${since(started)}`);
    for (const group of some) await tryGroup(group, trial);
  } finally {
    trial.stop();
  }
}

async function tryGroup(group: Group, trial: Trial): Promise<void> {
  const started = performance.now();
  const own = mutants.filter((mutant) => mutant.group === group);
  const reached = own.filter(({ id }) => trial.reaches(id));
  untried.set(group, { unreached: own.length - reached.length, otherMatters: otherMatters(group) });
  console.error(`${group}: ${reached.length} of ${own.length} faults are reached`);
  const isLocal = groups[group].target === 'local';
  const drawn = isLocal ? draw(reached, Number(values.local), `${values.seed} ${group}`) : reached;
  const wanted = new RegExp(values.place);
  for (const mutant of drawn.filter((each) => wanted.test(place(each)))) {
    const verdict = await verdictOn(mutant, trial, isLocal && !values.judged);
    if (verdict === undefined) break;
    verdicts.push(verdict);
    trial.remember(verdict);
    const text = `${place(mutant)} ${mutant.operator}: ${mutant.before} => ${mutant.after}`;
    const judged = judgementOf(mutant) !== undefined;
    if (verdict.by === undefined && !judged) console.error(`  survives ${verdict.tried}: ${text}`);
    if (verdict.by !== undefined && judged) console.error(`  found against its judgement by ${verdict.by}: ${text}`);
  }
  console.error(
    `${group}: ${verdicts.filter(({ mutant }) => mutant.group === group).length} faults took ${since(started)}`,
  );
}

/** Nothing where there is no time for it any more. */
async function verdictOn(mutant: Mutant, trial: Trial, sparesJudged: boolean): Promise<Verdict | undefined> {
  const before = kept.verdict(mutant);
  if (before !== undefined && (before.by !== undefined || before.tried >= Number(values.most))) return before;
  if (sparesJudged && judgementOf(mutant) !== undefined) return { mutant, tried: 0 };
  if (performance.now() > endsAt) return before;
  const verdict = await trial.judge(mutant, Number(values.most));
  kept.addVerdict(verdict);
  return verdict;
}

function draw(all: readonly Mutant[], count: number, seed: string): readonly Mutant[] {
  const random = randomFrom(seed);
  const keyed = all.map((mutant) => ({ mutant, key: random() }));
  const drawn = keyed.sort((one, other) => one.key - other.key).slice(0, count);
  return drawn.map(({ mutant }) => mutant);
}

function place({ file, line }: Mutant): string {
  return `${file}:${line}`;
}

function since(started: number): string {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
