import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import { isRecord } from '../lib/values.ts';

export type TemplateFunction = (...values: readonly unknown[]) => unknown;

/** As Go's templates see it: zero, empty and nothing are false. */
export function truth(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isRecord(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** The functions that the chart's templates use, with the meaning that they have in Helm. */
export const functions: Readonly<Record<string, TemplateFunction>> = {
  and: (...values) => values.find((value) => !truth(value)) ?? values.at(-1),
  or: (...values) => values.find(truth) ?? values.at(-1),
  not: (value) => !truth(value),
  eq: (one, ...others) => others.some((other) => other === one),
  gt: (one, other) => Number(one) > Number(other),
  int: (value) => Math.trunc(Number(value)),
  default: (fallback, value) => (truth(value) ? value : fallback),
  ternary: (yes, no, condition) => (truth(condition) ? yes : no),
  quote: (value) => JSON.stringify(textOf(value)),
  nindent: (width, text) => `\n${indent(Number(width), textOf(text))}`,
  sha256sum: (text) => createHash('sha256').update(textOf(text)).digest('hex'),
  dict: (...pairs) => {
    const names = pairs.filter((_, index) => index % 2 === 0).map(textOf);
    return Object.fromEntries(names.map((name, index) => [name, pairs[index * 2 + 1]]));
  },
  mergeOverwrite: (...values) => values.reduce(merged),
  toYaml: (value) => toYaml(value),
};

function indent(width: number, text: string): string {
  return text.replaceAll(/^/gm, ' '.repeat(width));
}

/** Mappings field by field, the second wins; anything else is replaced as a whole. */
export function merged(one: unknown, other: unknown): unknown {
  if (!isRecord(one) || !isRecord(other)) return other;
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...names].map((name) => [name, name in other ? merged(one[name], other[name]) : one[name]]),
  );
}

/** Keys sorted, and quotes around what a reader of YAML 1.1 (Kubernetes) would not take for text (`on`, `1e3`). */
function toYaml(value: unknown): string {
  const text = stringify(value, {
    version: '1.1',
    sortMapEntries: true,
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
  return text.replace(/\n$/, '');
}

export function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new Error(`${JSON.stringify(value)} is no text`);
}
