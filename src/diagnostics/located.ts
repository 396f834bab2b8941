import { compareText } from '../lib/collections.ts';
import type { Diagnostic } from './diagnostic.ts';
import { describeObject, type Locate, type Location } from './origin.ts';
import type { Severity } from './severity.ts';

/** A finding with its places looked up. */
export interface Finding {
  readonly diagnostic: Diagnostic;
  readonly location?: Location;
  readonly related: readonly { readonly what: string; readonly location?: Location }[];
}

/** Looks places up, drops what is said twice, and sorts by file, line and column; what has no place comes first. */
export function toFindings(diagnostics: readonly Diagnostic[], locate: Locate): readonly Finding[] {
  const findings = new Map<string, Finding>();
  for (const diagnostic of diagnostics) {
    const location = diagnostic.location ?? (diagnostic.origin === undefined ? undefined : locate(diagnostic.origin));
    const { code, message, origin } = diagnostic;
    const key = JSON.stringify([code, message, origin?.object, origin?.path, location?.file, location?.line]);
    if (findings.has(key)) continue;
    const related = (diagnostic.related ?? []).map((place) => {
      const found = locate(place);
      const what = describeObject(place.object) + (place.path === '' ? '' : `, ${place.path}`);
      return { what, ...(found === undefined ? {} : { location: found }) };
    });
    findings.set(key, { diagnostic, ...(location === undefined ? {} : { location }), related });
  }
  return [...findings.values()].sort(byPlace);
}

/** Findings of two lists in one order. */
export function mergeFindings(some: readonly Finding[], others: readonly Finding[]): readonly Finding[] {
  return [...some, ...others].sort(byPlace);
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compareText(a.location?.file ?? '', b.location?.file ?? '') ||
    (a.location?.line ?? 0) - (b.location?.line ?? 0) ||
    (a.location?.column ?? 0) - (b.location?.column ?? 0) ||
    compareText(a.diagnostic.code, b.diagnostic.code) ||
    compareText(a.diagnostic.message, b.diagnostic.message)
  );
}

export interface Counts {
  readonly errors: number;
  readonly warnings: number;
  readonly infos: number;
}

export function countFindings(findings: readonly Finding[]): Counts {
  const count = (severity: Severity): number =>
    findings.filter(({ diagnostic }) => diagnostic.severity === severity).length;
  return { errors: count('error'), warnings: count('warning'), infos: count('info') };
}

/** Whether any finding is at least as grave as the threshold. */
export function reaches(counts: Counts, threshold: Severity): boolean {
  const graver = counts.errors + (threshold === 'error' ? 0 : counts.warnings);
  return graver + (threshold === 'info' ? counts.infos : 0) > 0;
}
