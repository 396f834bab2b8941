import { compileRe2, octets } from '../../../src/lib/re2.ts';

/** The text itself, in every dialect that implementations may have (GEP-4359). */
export function literal(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

/**
 * What RE2 says of a whole value, anchored on both sides, since implementations may look for a part only. Groups capture: not
 * every dialect knows others.
 */
export function anchored(re2: string): string | undefined {
  const { body, open } = opened(re2);
  const { inner, ended } = simple(body) ? unanchored(body) : { inner: `(${body})`, ended: false };
  const expression = `^${inner}${open && !ended ? '.*' : ''}$`;
  return compileRe2(expression).ok ? expression : undefined;
}

/** Whether an expression of ours takes a value. */
export function takes(expression: string, value: string): boolean {
  const compiled = compileRe2(expression);
  return compiled.ok && compiled.value.matchesWhole(octets(value));
}

/** What every value begins with that an expression of ours takes. */
export function headOf(expression: string): string {
  const head = /^\^((?:[^\\^$.|?*+()[\]{}]|\\[\\^$.|?*+()[\]{}])*)/.exec(expression)?.[1] ?? '';
  const optional = /[?*{]/.test(expression.charAt(head.length + 1));
  const sure = optional ? head.replace(/\\?.$/, '') : head;
  return sure.replace(/\\(.)/g, '$1');
}

/** The model's `(?:X)` and `(?:X)(?s:.*)` without what stands around. */
function opened(re2: string): { readonly body: string; readonly open: boolean } {
  const start = '(?:';
  for (const end of [')(?s:.*)', ')']) {
    const body = re2.slice(start.length, -end.length);
    // Brackets of two groups beside each other are no brackets around one.
    if (re2.startsWith(start) && re2.endsWith(end) && compileRe2(body).ok) return { body, open: end !== ')' };
  }
  return { body: re2, open: false };
}

/** Whether `^` at the beginning and `$` at the end are anchors of the whole. */
function simple(body: string): boolean {
  return !body.includes('|') && !body.includes('(?') && !body.includes('\\Q') && !/^\^[*+?{]/.test(body);
}

function unanchored(body: string): { readonly inner: string; readonly ended: boolean } {
  const inner = body.startsWith('^') ? body.slice(1) : body;
  const ended = /(?<!\\)(?:\\\\)*\$$/.test(inner);
  return { inner: ended ? inner.slice(0, -1) : inner, ended };
}
