import { compileRe2 } from '../../../src/lib/re2.ts';
import type { HeaderMatch } from '../../../src/model/types.ts';
import type { HeaderCondition } from './condition.ts';
import { anchored } from './expression.ts';

const maxValue = 4096;
/** More values than these are better read as one expression. */
const maxLiterals = 4;

/** The conditions of which one must hold for a header to match; `undefined` where no condition can say it. */
export function headerConditions(header: HeaderMatch): readonly HeaderCondition[] | undefined {
  // GEP-1294 has the host matched as a header.
  const name = header.name === ':authority' ? 'host' : header.name;
  if (!isHeaderName(name)) return undefined;
  const compiled = compileRe2(header.re2);
  if (!compiled.ok) return [];
  const literals = compiled.value.shapes();
  const exact =
    literals !== undefined &&
    literals.length <= maxLiterals &&
    literals.every(({ text, rest }) => rest === 'nothing' && isHeaderValue(text));
  if (exact) return literals.map(({ text }) => ({ type: 'Exact', name, value: text }));
  const value = anchored(header.re2);
  return value !== undefined && isHeaderValue(value) ? [{ type: 'RegularExpression', name, value }] : undefined;
}

export function isHeaderName(name: string): boolean {
  return name.length <= 256 && /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/.test(name);
}

/** What the experimental channel asks for too: words of printable ASCII with one space or tab between them. */
export function isHeaderValue(value: string): boolean {
  return value.length <= maxValue && /^[!-~]+(?:[\t ]?[!-~]+)*$/.test(value);
}
