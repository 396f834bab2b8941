import type { Change } from '../../analysis/changes.ts';
import type { Effect } from '../../analysis/effects.ts';
import type { TextStyle } from '../../lib/text-style.ts';
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
import { placeOf, placesOf, type TrafficRow, trafficRows } from './rows.ts';

/** The verdict, then each change with a request that shows it, and the lines on both sides that decide about that. */
export function diffText(presentation: DiffPresentation, style: TextStyle): readonly string[] {
  const { changes, names } = presentation;
  const rows = trafficRows(changes.filter((change) => change.kind === 'traffic'));
  const rest = changes.filter((change) => change.kind !== 'traffic');
  return [
    `${style.bold(summarize([...rows.map(({ change }) => change), ...rest]))}: ${names.before} -> ${names.after}`,
    ...rows.flatMap((row) => ['', ...rowLines(row, presentation, style)]),
    ...(rest.length === 0 ? [] : ['']),
    ...rest.map((change) => restLine(change, presentation, style)),
  ];
}

function rowLines({ change, alsoAt }: TrafficRow, { locate }: DiffPresentation, style: TextStyle): readonly string[] {
  const { effects, clients, example, classes } = change;
  const sender = clients.length > 1 ? ` from ${example.client}` : '';
  const more = classes > 1 ? style.dim(`  (and ${classes - 1} more kinds of requests)`) : '';
  const side = (name: 'before' | 'after') => [
    `  ${name.padEnd(6)}  ${describeSide(change, name)}`,
    ...placesOf(change, name, locate[name]).map((place) => `            ${style.blue(place)}`),
  ];
  return [
    `${painted(effects, style)}  ${describeNames(clients)} -> ${describeDestination(change)}`,
    ...(alsoAt.length === 0 ? [] : [`  also at ${describeNames(alsoAt)}`]),
    `  ${style.bold(describeRequest(example.after.request))}${sender}${more}`,
    ...side('before'),
    ...side('after'),
  ];
}

function painted(effects: readonly Effect[], style: TextStyle): string {
  const words = effects.map((effect) => effectWords[effect]).join(', ');
  if (effects.includes('widened')) return style.red(style.bold(words));
  return effects.includes('narrowed') ? style.yellow(style.bold(words)) : style.bold(words);
}

function restLine(
  change: Exclude<Change, { kind: 'traffic' }>,
  { locate }: DiffPresentation,
  style: TextStyle,
): string {
  const sentence = describeRest(change);
  if (change.kind !== 'object') return change.kind === 'undecided' ? style.yellow(sentence) : sentence;
  const place = placeOf(change.after, locate.after) ?? placeOf(change.before, locate.before);
  return place === undefined ? sentence : `${sentence}  ${style.blue(place)}`;
}
