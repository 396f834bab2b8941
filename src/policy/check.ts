import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import { parseDuration } from '../lib/duration.ts';
import { formatFieldPath, type PathSegment } from '../lib/field-path.ts';
import { isRecord } from '../lib/values.ts';
import { durationLimits, sharesPerPercent } from './limits.ts';
import { isReservedHeader } from './reserved-headers.ts';
import type { WireSpec } from './wire.ts';

/** What the schema cannot say of a `spec` that it has accepted. Each finding is an error. */
export function checkSpec(key: ObjectKey, spec: WireSpec): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const report = (code: DiagnosticCode, path: readonly PathSegment[], what: string, hint: string): void => {
    const name = formatFieldPath(['spec', ...path]);
    found.push(diagnostic(code, { message: `${name} ${what}`, origin: { object: key, path: name }, hint }));
  };
  checkNumbers(spec, [], report);
  checkHeaders(spec, report);
  checkKeySets(spec, report);
  for (const [index, { kind, name }] of spec.targetRefs.entries()) {
    const path = ['targetRefs', index, 'name'];
    if (kind === 'Service' && name === undefined) report('SMI2002', path, 'is missing', 'Name the Service.');
    if (kind === 'Mesh' && name !== undefined)
      report('SMI2003', path, 'has no meaning: there is one mesh', 'Remove it.');
  }
  return found;
}

type Report = (code: DiagnosticCode, path: readonly PathSegment[], what: string, hint: string) => void;

/** Durations and shares, wherever they stand. */
function checkNumbers(value: unknown, path: readonly PathSegment[], report: Report): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkNumbers(item, [...path, index], report);
    return;
  }
  if (isRecord(value)) {
    for (const [name, inner] of Object.entries(value)) checkNumbers(inner, [...path, name], report);
    return;
  }
  const limits = durationLimits[path.filter((segment) => typeof segment === 'string').join('.')];
  if (limits !== undefined) checkDuration(String(value), limits, path, report);
  else if (typeof value === 'number' && path.at(-1) === 'percent' && !isShare(value)) {
    report('SMI2004', path, `is ${value}, which has more than two decimals`, 'Round it to hundredths of a percent.');
  }
}

function checkDuration(
  text: string,
  [shortest, longest]: readonly [number, number],
  path: readonly PathSegment[],
  report: Report,
): void {
  const time = parseDuration(text);
  if (time === undefined) {
    report('SMI2012', path, `is "${text}", which has a unit twice`, 'Write it like 30s or 1m30s.');
  } else if (time < shortest || time > longest) {
    const range = `from ${shortest}ms to ${longest / 1_000}s`;
    report('SMI2004', path, `is ${text}, outside the range ${range}`, `Use a duration ${range}.`);
  }
}

function isShare(percent: number): boolean {
  return Math.abs(percent * sharesPerPercent - Math.round(percent * sharesPerPercent)) < 1e-6;
}

function checkHeaders({ headers = {}, authentication }: WireSpec, report: Report): void {
  const check = (name: string, path: readonly PathSegment[]): void => {
    if (!isReservedHeader(name)) return;
    report('SMI2050', path, `is ${name}, which belongs to the proxies`, 'Use a header of your own.');
  };
  for (const [side, edits] of Object.entries(headers)) {
    for (const action of ['set', 'add'] as const) {
      const names = Object.keys(edits[action] ?? {});
      for (const name of names) check(name, ['headers', side, action, name]);
      checkTwice(names, ['headers', side, action], report);
    }
    for (const [index, name] of (edits.remove ?? []).entries()) check(name, ['headers', side, 'remove', index]);
  }
  const providers = authentication?.jwt ?? [];
  const tokens = new Set(providers.map(({ fromHeader = 'authorization' }) => fromHeader.toLowerCase()));
  for (const [index, { claimHeaders = {}, fromHeader }] of providers.entries()) {
    const path = ['authentication', 'jwt', index];
    if (fromHeader !== undefined) check(fromHeader, [...path, 'fromHeader']);
    for (const [claim, name] of Object.entries(claimHeaders)) {
      const field = [...path, 'claimHeaders', claim];
      check(name, field);
      if (tokens.has(name.toLowerCase()))
        report('SMI2050', field, `is ${name}, which holds a token`, 'Use another header.');
    }
    checkTwice(Object.values(claimHeaders), [...path, 'claimHeaders'], report);
  }
}

/** Names of headers that differ in nothing but the case of their letters. */
function checkTwice(names: readonly string[], path: readonly PathSegment[], report: Report): void {
  const seen = new Set<string>();
  for (const name of names.map((each) => each.toLowerCase())) {
    if (seen.has(name)) report('SMI2007', path, `has the header ${name} twice`, 'Keep one of them.');
    seen.add(name);
  }
}

function checkKeySets({ authentication }: WireSpec, report: Report): void {
  for (const [index, { jwks }] of (authentication?.jwt ?? []).entries()) {
    if (jwks.inline === undefined || isKeySet(jwks.inline)) continue;
    const path = ['authentication', 'jwt', index, 'jwks', 'inline'];
    report('SMI2012', path, 'is not a JWK set with a key', 'Write the JSON of RFC 7517, `{"keys": [...]}`.');
  }
}

/** RFC 7517, section 5. */
function isKeySet(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && Array.isArray(value.keys) && value.keys.length > 0 && value.keys.every(isKey);
  } catch {
    return false;
  }
}

function isKey(value: unknown): boolean {
  return isRecord(value) && typeof value.kty === 'string';
}
