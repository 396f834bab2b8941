import type { Judgement } from '../../mutants/judged.ts';
import { fault } from '../../mutants/report.ts';
import type { EmitterMutant } from './all.ts';
import { type Finder, finders } from './finders.ts';
import { judgementOf } from './judged.ts';

export interface Verdict {
  readonly mutant: EmitterMutant;
  /** Nobody: it survives. */
  readonly by?: Finder;
}

export interface Tried {
  readonly adapter: string;
  readonly verdicts: readonly Verdict[];
  /** Places for faults, and those that some mesh comes to. */
  readonly all: number;
  readonly reached: number;
}

const introduction = [
  '# Faults in emitters, and who finds them',
  '',
  '`npm run translate:mutants -- --to gateway-api,istio --most 110 --out docs/translate-mutants.md` writes this page. It puts small faults into the sources of',
  'an emitter, one at a time (`adapters/*/emit` and `index.ts`), and asks with each, in this order, until somebody finds it: whether the emitter',
  'throws or never ends; **the proof** of `translate --prove`; **the contract suite** of `adapter test`, without the proof that it has in it; **the ledger** of',
  '`--report`, where a change of every field shows that it is wrong about one; and **golden files**. Which faults are tried is drawn by a seed among all that',
  'some mesh comes to: the golden cases, the models of the contract suite under each option, and meshes of random rules.',
  '',
  'The proof asks where requests go, who is let in, how long they may take in all, where copies go and which headers are edited. How they are treated otherwise',
  '(retries, limits of single tries, faults, balancing) is no part of its questions: of what stands below as found by golden files alone most is about that.',
  'A survivor is judged (`test/translate/mutants/judged.ts`), or stands as a gap: found by nobody, and not judged.',
  '',
];

/** Counts, and every survivor with what is to be said of it. */
export function renderReport(tried: readonly Tried[]): string {
  return [
    ...introduction,
    '| adapter | faults | found by an error | the proof | the contract suite | the ledger | golden files | together | the same | outside | share of the rest | places, reached |',
    '|---|---|---|---|---|---|---|---|---|---|---|---|',
    ...tried.map((one) => `| ${row(one).join(' | ')} |`),
    '',
    ...tried.flatMap(chapters),
  ].join('\n');
}

function row({ adapter, verdicts, all, reached }: Tried): readonly string[] {
  const count = (wanted: Finder) => verdicts.filter(({ by }) => by === wanted).length;
  const found = verdicts.filter(({ by }) => by !== undefined).length;
  const kinds = survivorsOf(verdicts).flatMap((mutant) => judgementOf(mutant)?.kind ?? []);
  const same = kinds.filter((kind) => kind === 'same').length;
  return [
    ...[adapter, verdicts.length, ...finders.map(count)].map(String),
    `${found} (${share(found, verdicts.length)})`,
    ...[same, kinds.length - same].map(String),
    share(found, verdicts.length - kinds.length),
    `${all}, ${reached}`,
  ];
}

function chapters({ adapter, verdicts }: Tried): readonly string[] {
  const survivors = survivorsOf(verdicts);
  const judged = survivors.map((mutant) => ({ mutant, judgement: judgementOf(mutant) }));
  const alone = verdicts.flatMap(({ by, mutant }) => (by === 'goldens' ? [mutant] : []));
  return [
    `## ${adapter}`,
    '',
    ...table(
      'Gaps',
      judged.flatMap(({ mutant, judgement }) => (judgement === undefined ? [[mutant]] : [])),
    ),
    ...(['same', 'outside'] as const).flatMap((kind) =>
      table(
        titles[kind],
        judged.flatMap(({ mutant, judgement }) =>
          judgement?.kind === kind ? [[mutant, judgement.reason] as const] : [],
        ),
      ),
    ),
    ...table(
      'Found by golden files alone',
      alone.map((mutant) => [mutant]),
    ),
  ];
}

const titles: Readonly<Record<Judgement['kind'], string>> = {
  same: 'The same: the documents mean no other thing',
  outside: 'Outside: what none of these looks at',
};

function table(title: string, rows: readonly (readonly [EmitterMutant, string?])[]): readonly string[] {
  if (rows.length === 0) return [];
  const because = rows.some(([, reason]) => reason !== undefined);
  return [
    `### ${title}`,
    '',
    `| where | fault |${because ? ' because |' : ''}`,
    `|---|---|${because ? '---|' : ''}`,
    ...rows.map(
      ([mutant, reason]) =>
        `| \`${mutant.file.replace('adapters/', '')}:${mutant.line}\` | ${fault(mutant)} |${because ? ` ${reason ?? ''} |` : ''}`,
    ),
    '',
  ];
}

function survivorsOf(verdicts: readonly Verdict[]): readonly EmitterMutant[] {
  return verdicts.flatMap(({ by, mutant }) => (by === undefined ? [mutant] : []));
}

function share(part: number, whole: number): string {
  return whole === 0 ? '' : `${((part / whole) * 100).toFixed(1)} %`;
}
