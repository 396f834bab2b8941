import type { DiagnosticCode } from '../../diagnostics/catalogue.ts';
import type { Location, ObjectKey } from '../../diagnostics/origin.ts';

/**
 * What became of a field of the input. `kept`: documents say it. `changed`: they say something near it, or only where some of
 * its uses are concerned. `lost`: nothing stands for it. `as-is`: the target reads it where it stands, or it is how objects
 * refer to each other. `meaningless`: traffic does not depend on it.
 */
export const fates = ['kept', 'changed', 'lost', 'as-is', 'meaningless'] as const;
export type Fate = (typeof fates)[number];

export interface FieldFate {
  readonly fate: Fate;
  /** How, why, and what traffic meets instead; of what is kept nothing. */
  readonly why?: string;
  readonly code?: DiagnosticCode;
  /** Names of the documents that say it. */
  readonly documents?: readonly string[];
}

export interface LedgerField extends FieldFate {
  /** As its author wrote it: `spec.backends[1].weight`. */
  readonly path: string;
  /** A scalar, or an empty list or mapping. */
  readonly value: unknown;
  readonly location?: Location;
}

export interface LedgerObject {
  readonly object: ObjectKey;
  readonly fields: readonly LedgerField[];
}

/** Every field of every object that was read, and what became of it. */
export interface Ledger {
  readonly adapter: string;
  /** In the order in which the objects were read. */
  readonly objects: readonly LedgerObject[];
  readonly totals: Readonly<Record<Fate, number>>;
  /** Percent of the fields that were to be translated which are kept, rounded down to a tenth; 100 of none. */
  readonly score: number;
}
