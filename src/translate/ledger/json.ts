import { parseObjectKey } from '../../diagnostics/origin.ts';
import type { Ledger } from './types.ts';

/** The ledger for programs (schemas/translate/ledger.json). */
export function ledgerJson({ adapter, score, totals, objects }: Ledger): unknown {
  return {
    ledgerVersion: 1,
    ...{ adapter, score, totals },
    objects: objects.map(({ object, fields }) => ({ ...parseObjectKey(object), fields })),
  };
}
