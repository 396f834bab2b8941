import type { Change, TrafficChange } from '../../analysis/changes.ts';
import {
  describeDestination,
  describeNames,
  describeRequest,
  describeRest,
  describeSide,
  effectWords,
  summarize,
} from './describe.ts';
import type { DiffPresentation } from './presentation.ts';
import { placesOf, type TrafficRow, trafficRows } from './rows.ts';

/** For a pull request: a table of what changes, and below it the lines that decide, folded. */
export function diffMarkdown(presentation: DiffPresentation): string {
  const { changes, names } = presentation;
  const rows = trafficRows(changes.filter((change) => change.kind === 'traffic'));
  const rest = changes.filter((change) => change.kind !== 'traffic');
  const blocks = [
    `### Traffic: ${summarize([...rows.map(({ change }) => change), ...rest])}`,
    `${code(names.before)} → ${code(names.after)}`,
    ...(rows.length === 0 ? [] : [table(rows)]),
    ...(rest.length === 0 ? [] : [list(rest)]),
    ...(rows.length === 0 ? [] : [details(rows, presentation)]),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function table(rows: readonly TrafficRow[]): string {
  const lines = rows.map(({ change, alsoAt }, index) => {
    const { effects, clients, example, classes } = change;
    const destinations = [describeDestination(change), ...alsoAt].map(escapeText).join('<br>');
    const request = code(describeRequest(example.after.request)) + (classes > 1 ? ` (+${classes - 1} kinds)` : '');
    const cells = [
      String(index + 1),
      label(effects),
      escapeText(describeNames(clients)),
      destinations,
      request,
      escapeText(describeSide(change, 'before')),
      escapeText(describeSide(change, 'after')),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const head = ['| | change | who | where | for example | before | after |', '|---|---|---|---|---|---|---|'];
  return [...head, ...lines].join('\n');
}

function label(effects: TrafficChange['effects']): string {
  const words = effects.map((effect) => effectWords[effect]).join(', ');
  return effects.includes('widened') ? `⚠️ **${words}**` : words;
}

function list(changes: readonly Exclude<Change, TrafficChange>[]): string {
  return changes.map((change) => `- ${escapeText(describeRest(change))}`).join('\n');
}

function details(rows: readonly TrafficRow[], { locate }: DiffPresentation): string {
  const items = rows.map(({ change }, index) => {
    const side = (name: 'before' | 'after') =>
      placesOf(change, name, locate[name]).map((place) => `   - ${name}: ${code(place.replace('  ', ' '))}`);
    return [
      `${index + 1}. ${code(describeRequest(change.example.after.request))}`,
      ...side('before'),
      ...side('after'),
    ];
  });
  return `<details><summary>The lines that decide</summary>\n\n${items.flat().join('\n')}\n\n</details>`;
}

/** A code span that whatever it contains cannot end, nor a cell of a table (GFM sections 6.1 and 4.10). */
function code(text: string): string {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const padding = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${padding}${text.replaceAll('|', '\\|').replaceAll('\n', ' ')}${padding}${fence}`;
}

function escapeText(text: string): string {
  return text.replace(/[\\`*_[\]<>|#~]/g, '\\$&').replaceAll('\n', ' ');
}
