import type { Group, Mutant } from './groups.ts';
import { type Judgement, judgementOf } from './judged.ts';
import type { Mutation } from './sites.ts';
import type { Verdict } from './trial.ts';

const percent = 100;

/** Places whose faults were not tried. */
export interface Untried {
  /** That no case reaches. */
  readonly unreached: number;
  /** About what SMI has no words for. */
  readonly otherMatters: number;
}

/** Counts, and every survivor with what is to be said of it. */
export function renderMarkdown(verdicts: readonly Verdict[], untried: ReadonlyMap<Group, Untried>): string {
  const groups = [...Map.groupBy(verdicts, ({ mutant }) => mutant.group)];
  const total = { unreached: 0, otherMatters: 0 };
  for (const { unreached, otherMatters } of untried.values()) {
    total.unreached += unreached;
    total.otherMatters += otherMatters;
  }
  const rows = [...groups.map(([group, all]) => row(group, all, untried.get(group)!)), row('all', verdicts, total)];
  const survivors = verdicts.filter(({ by }) => by === undefined).map(({ mutant }) => mutant);
  const judged = survivors.flatMap((mutant) => {
    const judgement = judgementOf(mutant);
    return judgement === undefined ? [] : [{ mutant, judgement }];
  });
  const open = survivors.filter((mutant) => judgementOf(mutant) === undefined);
  return [
    '| | faults | found | share | the same | outside | share of the rest | not reached | about other matters |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
    '',
    '## Gaps',
    '',
    '| where | fault |',
    '|---|---|',
    ...open.map((mutant) => `| ${place(mutant)} | ${fault(mutant)} |`),
    '',
    ...(['same', 'outside'] as const).flatMap((kind) => chapter(kind, judged)),
  ].join('\n');
}

const titles: Readonly<Record<Judgement['kind'], string>> = {
  same: '## The same: no request could show a difference',
  outside: '## Outside: what the suite does not speak of',
};

function chapter(
  wanted: Judgement['kind'],
  judged: readonly { readonly mutant: Mutant; readonly judgement: Judgement }[],
): readonly string[] {
  const own = judged.filter(({ judgement }) => judgement.kind === wanted);
  const lines = own.map(({ mutant, judgement }) => `| ${place(mutant)} | ${fault(mutant)} | ${judgement.reason} |`);
  return [titles[wanted], '', '| where | fault | because |', '|---|---|---|', ...lines, ''];
}

function row(name: string, all: readonly Verdict[], { unreached, otherMatters }: Untried): readonly string[] {
  const found = all.filter(({ by }) => by !== undefined).length;
  const kinds = all.flatMap(({ by, mutant }) => (by === undefined ? (judgementOf(mutant)?.kind ?? []) : []));
  const same = kinds.filter((kind) => kind === 'same').length;
  const outside = kinds.length - same;
  const counts = [all.length, found, share(found, all.length), same, outside];
  return [name, ...counts, share(found, all.length - kinds.length), unreached, otherMatters].map(String);
}

function share(part: number, whole: number): string {
  return whole === 0 ? '' : `${((part / whole) * percent).toFixed(1)} %`;
}

function place({ file, line }: Mutant): string {
  return `\`${file
    .replace(/^src\/proxy\//, 'proxy/')
    .replace(/^src\/model\//, 'model/')
    .replace(/^adapters\/proxy\/emit\//, 'adapter/')}:${line}\``;
}

/** What is changed, as a cell of a table. */
export function fault({ operator, before, after }: Mutation): string {
  return after === '' ? `${code(before)} left out` : `${operator}: ${code(before)} → ${code(after)}`;
}

function code(text: string): string {
  return `\`${text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('`', "'").slice(0, 120)}\``;
}
