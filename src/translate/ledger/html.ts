import { describeObject } from '../../diagnostics/origin.ts';
import { escapeXml } from '../../lib/xml.ts';
import { countsText, ledgerVerdict, placeText, reasonText, valueText } from './text.ts';
import { fates, type Ledger, type LedgerField, type LedgerObject } from './types.ts';

/** One page that needs nothing else; objects with something that is not kept are open. */
export function ledgerHtml(ledger: Ledger): string {
  const title = `What ${escapeXml(ledger.adapter)} keeps`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${title}</title><style>${style}</style></head><body>`,
    `<h1>${title}</h1><p>${escapeXml(ledgerVerdict(ledger))}.</p>`,
    `<dl>${fates.map((fate) => `<dt class="${fate}">${fate}<dd>${meanings[fate]}`).join('')}</dl>`,
    ...ledger.objects.map(section),
    '</body></html>',
    '',
  ].join('\n');
}

const meanings = {
  kept: 'documents say it',
  changed: 'documents say something near it',
  lost: 'nothing stands for it',
  'as-is': 'the target reads it where it stands, or objects refer to each other by it',
  meaningless: 'traffic does not depend on it',
} as const;

function section({ object, fields }: LedgerObject): string {
  const open = fields.some(({ fate }) => fate === 'lost' || fate === 'changed') ? ' open' : '';
  return `<details${open}><summary><b>${escapeXml(describeObject(object))}</b> ${countsText(fields)}</summary><table>${fields.map(row).join('')}</table></details>`;
}

function row(field: LedgerField): string {
  const cells = [
    `<span class="${field.fate}">${field.fate}</span>`,
    escapeXml(placeText(field)),
    `<code>${escapeXml(field.path)}</code>`,
    `<code>${escapeXml(valueText(field.value))}</code>`,
    escapeXml(reasonText(field).replace(/^: /, '')),
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}`).join('')}</tr>`;
}

const style = `
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:90rem;padding:0 1rem}
h1{font-size:1.5rem;margin:0}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dd{margin:0}
details{border-top:1px solid #8884;padding:.6rem 0}summary{cursor:pointer}table{border-collapse:collapse;width:100%}
td{padding:.2rem .8rem .2rem 0;border-bottom:1px solid #8882;vertical-align:top;overflow-wrap:anywhere}
.kept{color:#1a7f37}.changed{color:#b35900;font-weight:600}.lost{color:#cf222e;font-weight:600}.as-is,.meaningless{color:#767d86}
@media(prefers-color-scheme:dark){.kept{color:#3fb950}.changed{color:#e09b13}.lost{color:#ff7b72}}
`.trim();
