import { catalogue, type DiagnosticCode } from '../../diagnostics/catalogue.ts';
import type { Finding } from '../../diagnostics/located.ts';
import type { Severity } from '../../diagnostics/severity.ts';
import { isCode } from '../../diagnostics/suppress.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { closest } from '../../lib/suggest.ts';
import type { ClusterChoice } from '../cluster-input.ts';

export interface ValidateOptions extends ClusterChoice {
  readonly output: 'text' | 'json' | 'sarif' | 'junit' | 'github';
  readonly failOn: Severity;
  /** As written: codes with commas between them. */
  readonly ignore: readonly string[];
  readonly quiet?: true;
  readonly watch?: true;
}

/** The codes of `--ignore`, or a sentence on the first that does not exist. */
export function ignoredCodes(ignore: readonly string[]): Result<ReadonlySet<DiagnosticCode>, string> {
  const names = ignore.flatMap((list) => list.split(',')).map((name) => name.trim());
  const unknown = names.find((name) => !isCode(name));
  if (unknown === undefined) return ok(new Set(names.filter(isCode)));
  const near = closest(unknown, Object.keys(catalogue));
  return err(`--ignore: "${unknown}" is not a code of a finding${near === undefined ? '' : `; did you mean ${near}?`}`);
}

const order: readonly Severity[] = ['error', 'warning', 'info'];

/** Whether a finding makes the command fail. */
export function decides({ diagnostic }: Finding, failOn: Severity): boolean {
  return order.indexOf(diagnostic.severity) <= order.indexOf(failOn);
}
