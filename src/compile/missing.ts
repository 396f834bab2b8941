import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { type ObjectKey, type Origin, objectKey } from '../diagnostics/origin.ts';
import { compareText } from '../lib/collections.ts';
import { closest } from '../lib/suggest.ts';
import type { PassContext } from './state.ts';

/** An object that is named and is not there. */
export interface MissingObject {
  readonly code: DiagnosticCode;
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly origin: Origin;
  /** Names of the objects of that kind that are there in the namespace. */
  readonly known: readonly string[];
  readonly severity?: Diagnostic['severity'];
}

/** Reports a reference that leads nowhere: whether its object was refused, or which other name was likely meant. */
export function reportMissing(missing: MissingObject, { input, report }: PassContext): void {
  const { code, group, kind, namespace, name, origin, severity } = missing;
  const key: ObjectKey = objectKey(group, kind, namespace, name);
  const refused = input.refused.has(key);
  // Sorted, so that of names that are equally near the choice does not depend on the order of the input.
  const near = closest(name, missing.known.toSorted(compareText));
  const hint = refused ? `Correct ${kind} ${namespace}/${name}.` : near && `Did you mean "${near}"?`;
  report(
    diagnostic(code, {
      message: `${kind} ${namespace}/${name} ${refused ? 'has been refused' : 'does not exist'}`,
      origin,
      ...(hint === undefined ? {} : { hint }),
      ...(severity === undefined ? {} : { severity }),
    }),
  );
}
