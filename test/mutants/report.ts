import type { Group, Mutant } from './groups.ts';
import type { Verdict } from './trial.ts';

const percent = 100;

/** Counts, and every survivor. */
export function renderMarkdown(verdicts: readonly Verdict[], unreached: ReadonlyMap<Group, number>): string {
  const groups = [...Map.groupBy(verdicts, ({ mutant }) => mutant.group)];
  const rows = groups.map(([group, all]) => [group, ...counts(all), String(unreached.get(group) ?? 0)]);
  const total = ['all', ...counts(verdicts), String([...unreached.values()].reduce((sum, count) => sum + count, 0))];
  const survivors = verdicts.filter(({ by }) => by === undefined);
  return [
    '| | faults | found | share | in places that no case reaches |',
    '|---|---|---|---|---|',
    ...[...rows, total].map((row) => `| ${row.join(' | ')} |`),
    '',
    '| survivor | fault | original | in its place |',
    '|---|---|---|---|',
    ...survivors.map(({ mutant }) => `| ${survivor(mutant).join(' | ')} |`),
    '',
  ].join('\n');
}

function counts(verdicts: readonly Verdict[]): readonly string[] {
  const found = verdicts.filter(({ by }) => by !== undefined).length;
  const share = verdicts.length === 0 ? 0 : (found / verdicts.length) * percent;
  return [String(verdicts.length), String(found), `${share.toFixed(1)} %`];
}

function survivor({ file, line, operator, before, after }: Mutant): readonly string[] {
  return [`${file}:${line}`, operator, code(before), after === '' ? 'nothing' : code(after)];
}

function code(text: string): string {
  return `\`${text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('`', "'").slice(0, 120)}\``;
}
