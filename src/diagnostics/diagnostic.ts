import type { DiagnosticCode } from './catalogue.ts';
import { catalogue } from './catalogue.ts';
import type { Location, Origin } from './origin.ts';
import type { Severity } from './severity.ts';

/** One finding: what is wrong, where, and what to do next. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  /** One sentence that names the offending value. */
  readonly message: string;
  /** The next step, in the imperative. */
  readonly hint: string;
  /** The field at fault; absent when no object could be read. */
  readonly origin?: Origin;
  /** The place, when it is known without an object (a syntax error). Otherwise looked up from `origin`. */
  readonly location?: Location;
  /** Other places that take part, such as the other side of a conflict. */
  readonly related?: readonly Origin[];
}

export interface DiagnosticDetails {
  readonly message: string;
  readonly origin?: Origin;
  readonly location?: Location;
  readonly related?: readonly Origin[];
  /** Replaces the catalogue's hint where a better one is known ("did you mean ..."). */
  readonly hint?: string;
  /** Replaces the catalogue's severity, for codes whose weight depends on the case. */
  readonly severity?: Severity;
}

/** The first place as that of the finding, the others as related. */
export function atOrigins([origin, ...related]: readonly Origin[]): Pick<Diagnostic, 'origin' | 'related'> {
  return { ...(origin === undefined ? {} : { origin }), ...(related.length === 0 ? {} : { related }) };
}

/** Builds a finding; severity and hint come from the catalogue unless the case knows better. */
export function diagnostic(code: DiagnosticCode, details: DiagnosticDetails): Diagnostic {
  const entry = catalogue[code];
  return { code, severity: entry.severity, hint: entry.hint, ...details };
}
