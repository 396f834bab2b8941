import { compileRe2 } from '../../../src/adapter/index.ts';
import { octets } from '../../../src/lib/re2.ts';
import type { HttpRoute, StringMatch } from './documents.ts';

/** VirtualService: an expression must match the whole text; without any form, or with an empty text, every value will do. */
export function matchesText({ exact, prefix, regex }: StringMatch, text: string): boolean {
  if (exact) return text === exact;
  if (prefix) return text.startsWith(prefix);
  return !regex || matchesWhole(regex, text);
}

/** AuthorizationPolicy: `*` for any text but none, `*abc`, `abc*`, `abc`. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (pattern === '*') return text !== '';
  if (pattern.startsWith('*')) return text.endsWith(pattern.slice(1));
  if (pattern.endsWith('*')) return text.startsWith(pattern.slice(0, -1));
  return text === pattern;
}

/** A header's value: `*` asks that there is one, be it empty. */
export function matchesHeader(pattern: string, value: string): boolean {
  return pattern === '*' || matchesPattern(pattern, value);
}

/** What `{*}` and `{**}` stand for in paths, one character after the other. */
const glob = "[A-Za-z0-9._~%!$&'()+,;:@-]";
const deepGlob = "[A-Za-z0-9._~%!$&'()+,;:@/-]";

/** A path of AuthorizationPolicy, which may be a template. */
export function matchesPath(pattern: string, path: string): boolean {
  if (!/\{\*{1,2}\}/.test(pattern)) return matchesPattern(pattern, path);
  const regex = pattern
    .split(/(\{\*{1,2}\})/)
    .map((part) =>
      part === '{*}' ? `${glob}+` : part === '{**}' ? `${deepGlob}*` : part.replace(/[^A-Za-z0-9]/g, '\\$&'),
    )
    .join('');
  return matchesWhole(regex, path);
}

function matchesWhole(regex: string, text: string): boolean {
  const compiled = compileRe2(regex);
  return compiled.ok && compiled.value.matchesWhole(octets(text));
}

/** Such as `1.5s` or `1h30m`. */
export function millisOf(duration: string): number {
  const sizes: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 };
  const parts = [...duration.matchAll(/([0-9.]+)(h|ms|m|s)/g)];
  return Math.round(parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (sizes[unit] ?? 0), 0));
}

/** Values of headers are Envoy's formats, in which `%` begins a command and `%%` is one `%`. */
export function unescaped({ request = {}, response = {} }: NonNullable<HttpRoute['headers']>) {
  const plain = (values: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.replaceAll('%%', '%')]));
  const edits = ({ set, add, remove = [] }: typeof request) => ({ set: plain(set), add: plain(add), remove });
  return { request: edits(request), response: edits(response) };
}
