import { describeObject } from '../../diagnostics/origin.ts';
import { printable } from '../../lib/printable.ts';
import { type Fate, fates, type Ledger, type LedgerField } from './types.ts';

const shownLength = 60;

/** The score, then each object with its fields: where each stands, what became of it, and why. */
export function ledgerText(ledger: Ledger): readonly string[] {
  return [
    ledgerVerdict(ledger),
    ...ledger.objects.flatMap(({ object, fields }) => [
      '',
      `${describeObject(object)}: ${countsText(fields)}`,
      ...fields.map(
        (field) =>
          `  ${field.fate.padEnd(11)} ${placeText(field)} ${field.path} = ${valueText(field.value)}${reasonText(field)}`,
      ),
    ]),
  ].map(printable);
}

/** `istio: 96.5 % kept: of 412 fields 110 are kept, 3 changed, 1 lost, 250 as-is, 48 meaningless`. */
export function ledgerVerdict({ adapter, score, totals }: Ledger): string {
  const all = fates.reduce((sum, fate) => sum + totals[fate], 0);
  const counts = fates.map((fate, index) => `${totals[fate]}${index === 0 ? ' are' : ''} ${fate}`).join(', ');
  return `${adapter}: ${score} % kept: of ${all} fields ${counts}`;
}

export function countsText(fields: readonly LedgerField[]): string {
  const counts = Map.groupBy(fields, ({ fate }) => fate);
  const said = fates.flatMap((fate: Fate) => (counts.has(fate) ? [`${counts.get(fate)?.length} ${fate}`] : []));
  return said.join(', ');
}

export function placeText({ location }: LedgerField): string {
  return location === undefined ? '-' : `${location.file}:${location.line}`;
}

export function valueText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.length > shownLength ? `${text.slice(0, shownLength)}...` : text;
}

export function reasonText({ why, code, documents }: LedgerField): string {
  const because = why === undefined ? '' : `: ${why}${code === undefined ? '' : ` (${code})`}`;
  return because + (documents === undefined ? '' : ` -> ${documents.join(', ')}`);
}
