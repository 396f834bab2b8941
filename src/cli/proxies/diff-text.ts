import type { DiffReport, FieldDifference, ResourceDifference } from '../../control/admin/contract.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import { typeName } from '../../lib/type-url.ts';
import { count, shortName } from '../control-plane/words.ts';

const maxValue = 120;

/** What a proxy has against what it should have: the resources, and of changed ones the fields. */
export function renderDiff({ node, differences }: DiffReport, style: TextStyle): readonly string[] {
  if (differences.length === 0) return [style.bold(`${shortName(node)} has what it should have`)];
  const head = `${shortName(node)} differs in ${count(differences.length, 'resource')} from what it should have`;
  return [style.bold(head), ...differences.flatMap((each) => ['', ...renderResource(each, style)])];
}

function renderResource(difference: ResourceDifference, style: TextStyle): readonly string[] {
  const { typeUrl, resource, kind, has, wants, refused, fields } = difference;
  const because = refused ? style.red(', which it refuses') : '';
  const what = {
    missing: `has none, should have ${wants}${because}`,
    stale: `has ${has}, should have ${wants}${because}`,
    extra: `has ${has}, should have none`,
  }[kind];
  const lines = fields?.flatMap((field) => renderField(field, style)) ?? [];
  return [`${typeName(typeUrl)} ${resource}: ${what}`, ...lines];
}

function renderField({ path, has, wants }: FieldDifference, style: TextStyle): readonly string[] {
  return [
    ...(has === undefined ? [] : [style.red(`  - ${path}: ${shown(has)}`)]),
    ...(wants === undefined ? [] : [style.green(`  + ${path}: ${shown(wants)}`)]),
  ];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= maxValue ? text : `${text.slice(0, maxValue - 1)}…`;
}
