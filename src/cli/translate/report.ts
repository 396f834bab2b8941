import type { Translator } from '../../adapter/contract.ts';
import { ledgerHtml } from '../../translate/ledger/html.ts';
import { ledgerJson } from '../../translate/ledger/json.ts';
import { ledgerOf } from '../../translate/ledger/ledger.ts';
import { ledgerText } from '../../translate/ledger/text.ts';
import type { Translation } from '../../translate/translate.ts';
import type { CheckedSources } from '../check-sources.ts';
import { print, printJson } from '../output.ts';

export type ReportFormat = 'text' | 'json' | 'html';

/** Prints what became of every field. */
export function printReport(
  translator: Translator,
  translation: Translation,
  checked: CheckedSources,
  format: ReportFormat,
): void {
  const ledger = ledgerOf(checked, translator, translation);
  if (format === 'json') printJson(ledgerJson(ledger));
  else if (format === 'html') process.stdout.write(ledgerHtml(ledger));
  else print(...ledgerText(ledger));
}
