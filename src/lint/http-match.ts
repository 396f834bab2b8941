import { compareText, nonEmpty } from '../lib/collections.ts';
import type { HttpMatch } from '../model/types.ts';
import type { RouteMatch } from '../smi/types.ts';

/** A match of a route group in the model's terms, for comparing; its expressions compile. */
export function httpMatch({ pathRegex, methods, headers }: RouteMatch, mode: 'spec' | 'full'): HttpMatch {
  const named = nonEmpty(methods ?? []);
  const read = Object.entries(headers ?? {}).map(([name, re2]) => ({ name: name.toLowerCase(), re2 }));
  return {
    methods: named === undefined || named.includes('*') ? 'any' : named,
    path: pathRegex ? { kind: 'regex', re2: anchored(pathRegex, mode) } : 'any',
    headers: nonEmpty(read.sort((a, b) => compareText(a.name, b.name))) ?? 'any',
    origins: [],
  };
}

/** `spec`: anchored at the start of the path; `full`: on both sides. */
export function anchored(expression: string, mode: 'spec' | 'full'): string {
  return mode === 'full' ? `(?:${expression})` : `(?:${expression})(?s:.*)`;
}
