import type { Counts, Finding } from './located.ts';
import { describeObject, type Location } from './origin.ts';

/** The stable shape of findings for programs; fields may be added, never changed. */
export interface FindingsReport {
  /** `fail` when a finding reaches the threshold that was asked for. */
  readonly verdict: 'pass' | 'fail';
  readonly counts: Counts & Readonly<Record<string, number>>;
  readonly diagnostics: readonly FindingReport[];
}

interface FindingReport {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
  readonly hint: string;
  readonly location: Location | null;
  /** As people name it: `TrafficSplit default/bookstore`. */
  readonly object: string | null;
  /** The field: `spec.backends[1].weight`; empty for the object itself. */
  readonly path: string | null;
  readonly related: readonly { readonly what: string; readonly location: Location | null }[];
}

export function reportFindings(
  findings: readonly Finding[],
  verdict: FindingsReport['verdict'],
  counts: FindingsReport['counts'],
): FindingsReport {
  return { verdict, counts, diagnostics: findings.map(reportFinding) };
}

function reportFinding({ diagnostic, location, related }: Finding): FindingReport {
  const { code, severity, message, hint, origin } = diagnostic;
  return {
    code,
    severity,
    message,
    hint,
    location: location ?? null,
    object: origin === undefined ? null : describeObject(origin.object),
    path: origin?.path ?? null,
    related: related.map((place) => ({ what: place.what, location: place.location ?? null })),
  };
}
