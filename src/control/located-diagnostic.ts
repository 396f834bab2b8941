import type { Location, Origin } from '../diagnostics/origin.ts';
import type { Severity } from '../diagnostics/severity.ts';

/** A finding with its place as of the load that found it. */
export interface LocatedDiagnostic {
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly hint: string;
  readonly origin?: Origin;
  readonly location?: Location;
  /** Other places that take part. */
  readonly related?: readonly { readonly what: string; readonly location?: Location }[];
}
