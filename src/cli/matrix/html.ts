import type { AccessMatrix, MatrixCell, MatrixClient, MatrixDestination } from '../../analysis/matrix.ts';
import { escapeXml } from '../../lib/xml.ts';
import { countAccess, describeAccess, describeSpreads, nameOf } from './describe.ts';
import { fullPicture, isLarge, namespacePicture, towards } from './picture.ts';
import { pictureSvg } from './svg.ts';
import { summarize } from './text.ts';

/** One page that needs nothing else: the picture, and for each namespace who may call its services, with what. */
export function matrixHtml(matrix: AccessMatrix): string {
  const namespaces = [...new Set(matrix.destinations.map(({ namespace }) => namespace))];
  const large = isLarge(matrix);
  const picture = large ? namespacePicture(matrix) : fullPicture(matrix);
  const caption = summarize(matrix);
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>Who may call whom</title><style>${style}</style></head><body>`,
    `<h1>Who may call whom</h1><p>${escapeXml(caption)}.</p>`,
    `<div class="picture">${pictureSvg(picture, large ? 'From namespaces (rows) to namespaces (columns)' : 'From service accounts (rows) to services (columns)')}</div>`,
    ...namespaces.map((namespace) => section(towards(matrix, namespace), namespace, large)),
    '</body></html>',
    '',
  ].join('\n');
}

function section(part: AccessMatrix, namespace: string, large: boolean): string {
  const { all, some } = countAccess(part.cells.flat());
  const heading = `<b>${escapeXml(namespace)}</b> ${part.destinations.length} service ports, ${all + some} pairs of a client and one of them that may`;
  const picture =
    large && part.clients.length > 0 && !isLarge(part)
      ? `<div class="picture">${pictureSvg(fullPicture(part), `To namespace ${namespace}`)}</div>`
      : '';
  const tables = part.destinations.map((destination, column) => table(part, destination, column));
  return `<details${large ? '' : ' open'}><summary>${heading}</summary>${picture}${tables.join('\n')}</details>`;
}

function table({ clients, cells }: AccessMatrix, destination: MatrixDestination, column: number): string {
  const rows = clients.flatMap((client, row) => {
    const cell = cells[row]?.[column];
    return cell === undefined || (cell.access !== 'all' && cell.access !== 'some') ? [] : [rowHtml(client, cell)];
  });
  const heading = `<h2>${escapeXml(nameOf(destination))} <small>${destination.protocol}</small></h2>`;
  if (rows.length === 0) return `${heading}<p class="weak">nobody</p>`;
  return `${heading}<table><tr><th class="name">client<th class="word"><th>lets in<th class="name">by<th>to</tr>${rows.join('')}</table>`;
}

function rowHtml({ account, exists }: MatrixClient, cell: MatrixCell): string {
  const fields = [
    escapeXml(account) + (exists ? '' : ' <small>no pod</small>'),
    `<span class="${cell.access}">${cell.access}</span>${cell.exhaustive ? '' : ' <small>not all tried</small>'}`,
    `<code>${escapeXml(describeAccess(cell))}</code>`,
    escapeXml(cell.rules.join(', ')),
    escapeXml(describeSpreads(cell.spreads)),
  ];
  return `<tr>${fields.map((field) => `<td>${field}`).join('')}</tr>`;
}

const style = `
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:80rem;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1rem;margin:1.2rem 0 .3rem}small,.weak{color:#767d86;font-weight:normal}
.picture{overflow:auto;max-height:85vh;border:1px solid #8884;border-radius:6px;margin:1rem 0}
details{border-top:1px solid #8884;padding:.6rem 0}summary{cursor:pointer;color:#767d86}summary b{color:CanvasText}
table{border-collapse:collapse;width:100%;table-layout:fixed}td{overflow-wrap:anywhere}.name{width:18%}.word{width:4rem}th{text-align:left;font-weight:600;color:#767d86}
td,th{padding:.2rem .8rem .2rem 0;border-bottom:1px solid #8882;vertical-align:top}code{overflow-wrap:anywhere}
.all{color:#1a7f37;font-weight:600}.some{color:#b35900;font-weight:600}
@media(prefers-color-scheme:dark){.all{color:#3fb950}.some{color:#e09b13}}
`.trim();
