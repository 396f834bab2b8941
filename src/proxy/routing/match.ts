import type { HttpMatch__Output } from '../../../generated/types/proxy/smi/proxy/v1/HttpMatch.ts';
import { compileRe2 } from '../../lib/re2.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { Exchange } from './exchange.ts';

/** Whether a request is meant. */
export type Matcher = (exchange: Exchange) => boolean;

/** Compiles a match; undefined means any request. The error names the field. */
export function compileMatch(match: HttpMatch__Output | null | undefined): Result<Matcher | undefined, string> {
  if (match === null || match === undefined) return ok(undefined);
  const parts: Matcher[] = [];
  if (match.methods.length > 0) {
    const methods = new Set(match.methods);
    parts.push((exchange) => methods.has(exchange.method));
  }
  const path = compilePath(match.path);
  if (!path.ok) return path;
  if (path.value !== undefined) parts.push(path.value);
  for (const [index, { name, regex }] of match.headers.entries()) {
    const compiled = compileRe2(regex);
    if (!compiled.ok) return err(`headers[${index}].regex: ${compiled.error}`);
    if (name === '' || name !== name.toLowerCase()) return err(`headers[${index}].name: not a lower-case name`);
    parts.push((exchange) => {
      const value = exchange.header(name);
      return value !== undefined && compiled.value.matchesWhole(value);
    });
  }
  if (parts.length === 0) return ok(undefined);
  if (parts.length === 1) return ok(parts[0]);
  return ok((exchange) => parts.every((part) => part(exchange)));
}

/** Of a match that was validated; undefined means any request. */
export function validMatcher(match: HttpMatch__Output | null | undefined): Matcher | undefined {
  const compiled = compileMatch(match);
  if (!compiled.ok) throw new Error(`a validated match does not compile: ${compiled.error}`);
  return compiled.value;
}

function compilePath(path: HttpMatch__Output['path']): Result<Matcher | undefined, string> {
  if (path === null) return ok(undefined);
  const { exact, prefix, regex } = path;
  if (exact !== undefined) return ok((exchange) => exchange.path === exact);
  if (prefix !== undefined) return ok((exchange) => exchange.path.startsWith(prefix));
  if (regex === undefined) return err('path: neither exact, prefix nor regex');
  const compiled = compileRe2(regex);
  if (!compiled.ok) return err(`path.regex: ${compiled.error}`);
  const { value } = compiled;
  return ok((exchange) => value.matchesWhole(exchange.path));
}
