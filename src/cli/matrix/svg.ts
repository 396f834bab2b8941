import type { AccessMatrix } from '../../analysis/matrix.ts';
import { escapeXml } from '../../lib/xml.ts';
import {
  fullPicture,
  isLarge,
  namespacePicture,
  type Picture,
  type PictureLabel,
  type PictureMark,
} from './picture.ts';
import { summarize } from './text.ts';

const cellSize = 28;
/** Width of a character of a label, about. */
const characterWidth = 7;
const margin = 16;
const titleHeight = 56;

/** A picture that stands alone: of clients and services, or of their namespaces where those are too many. */
export function matrixSvg(matrix: AccessMatrix): string {
  const picture = isLarge(matrix) ? namespacePicture(matrix) : fullPicture(matrix);
  return pictureSvg(picture, summarize(matrix));
}

export function pictureSvg(picture: Picture, caption: string): string {
  const { rows, columns, marks } = picture;
  const longest = (labels: readonly PictureLabel[]) => Math.max(4, ...labels.map(({ text }) => text.length));
  const left = margin + longest(rows) * characterWidth + 10;
  const slanted = Math.ceil(longest(columns) * characterWidth * Math.SQRT1_2);
  const top = titleHeight + slanted + 16;
  const right = left + columns.length * cellSize;
  const bottom = top + rows.length * cellSize;
  const width = Math.ceil(Math.max(right + slanted + margin, margin * 2 + caption.length * 8, 480));
  const height = Math.ceil(bottom + margin);
  const cells = marks.flatMap((line, row) =>
    line.map((mark, column) => markSvg(mark, left + column * cellSize, top + row * cellSize)),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(caption)}">`,
    `<style>${style}</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<text class="caption" x="${margin}" y="22">${escapeXml(caption)}</text>`,
    legend(picture, margin, 34),
    ...bands(rows, left, top, right, bottom, 'row'),
    ...bands(columns, left, top, right, bottom, 'column'),
    ...rows.map((label, row) => rowLabel(label, left - 8, top + row * cellSize + cellSize / 2 + 4)),
    ...columns.map((label, column) => columnLabel(label, left + column * cellSize + cellSize / 2 + 3, top - 8)),
    ...cells,
    '</svg>',
    '',
  ].join('\n');
}

/** Lines between namespaces, and around the whole. */
function bands(
  labels: readonly PictureLabel[],
  left: number,
  top: number,
  right: number,
  bottom: number,
  kind: 'row' | 'column',
): readonly string[] {
  const edges = [...labels.keys(), labels.length].filter(
    (index) => index === 0 || index === labels.length || labels[index]?.group !== labels[index - 1]?.group,
  );
  return edges.map((index) => {
    const at = index * cellSize;
    return kind === 'row'
      ? `<path class="rule" d="M${left} ${top + at}H${right}"/>`
      : `<path class="rule" d="M${left + at} ${top}V${bottom}"/>`;
  });
}

function rowLabel(label: PictureLabel, x: number, y: number): string {
  return `<text class="label" x="${x}" y="${y}" text-anchor="end">${labelText(label)}</text>`;
}

function columnLabel(label: PictureLabel, x: number, y: number): string {
  return `<text class="label" transform="translate(${x} ${y}) rotate(-45)">${labelText(label)}</text>`;
}

/** The namespace weaker than the name. */
function labelText({ group, text, weak }: PictureLabel): string {
  const prefix = `${group}/`;
  const name = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  const space = text.startsWith(prefix) ? `<tspan class="weak">${escapeXml(prefix)}</tspan>` : '';
  return `${space}<tspan${weak ? ' class="weak"' : ''}>${escapeXml(name)}</tspan>`;
}

function markSvg({ kind, open, title }: PictureMark, x: number, y: number): string {
  const hover = `<rect class="cell" x="${x}" y="${y}" width="${cellSize}" height="${cellSize}"/>`;
  return `<g><title>${escapeXml(title)}</title>${hover}${shape(kind, x + cellSize / 2, y + cellSize / 2, open)}</g>`;
}

/** Told apart by form as well as by colour. A mark for many cells is the number of those that are open. */
function shape(kind: PictureMark['kind'], x: number, y: number, open?: number): string {
  if (open !== undefined && open > 0) return `<text class="count" x="${x}" y="${y + 4}">${open}</text>`;
  if (kind === 'none') return `<circle class="none" cx="${x}" cy="${y}" r="2"/>`;
  if (kind === 'unavailable') return `<circle class="unavailable" cx="${x}" cy="${y}" r="6"/>`;
  if (kind === 'all') return `<circle class="all" cx="${x}" cy="${y}" r="9"/>`;
  return `<circle class="ring" cx="${x}" cy="${y}" r="8.5"/><path class="some" d="M${x} ${y - 9}a9 9 0 0 1 0 18z"/>`;
}

function legend({ counted }: Picture, x: number, y: number): string {
  const entries: readonly (readonly [PictureMark['kind'], string, number?])[] = counted
    ? [['some', 'pairs of a client and a service that may', 12]]
    : [
        ['all', 'everything'],
        ['some', 'some requests'],
      ];
  let at = x;
  const parts = [...entries, ['none', 'nothing'] as const, ['unavailable', 'no ready pod'] as const].map((entry) => {
    const [kind, text, open] = entry;
    const part = `${shape(kind, at + 9, y + 9, open)}<text class="legend" x="${at + 24}" y="${y + 13}">${text}</text>`;
    at += 24 + text.length * characterWidth + 16;
    return part;
  });
  return parts.join('');
}

const style = `
.page{fill:#fff}.caption{font:600 15px system-ui,sans-serif;fill:#1b1f24}.legend,.label{font:12px ui-monospace,monospace;fill:#1b1f24}
.legend{font-family:system-ui,sans-serif}.count{font:600 12px system-ui,sans-serif;fill:#b35900;text-anchor:middle}.weak{fill:#767d86}.rule{stroke:#c4cad1;fill:none}.cell{fill:transparent;stroke:#eceff2}
.cell:hover{fill:#eef4ff}.all{fill:#1a7f37}.some{fill:#b35900}.ring{fill:none;stroke:#b35900}.none{fill:#b5bcc4}
.unavailable{fill:none;stroke:#767d86;stroke-dasharray:2 2}
@media(prefers-color-scheme:dark){.page{fill:#0d1117}.caption,.legend,.label{fill:#e6edf3}.weak{fill:#8b949e}.count{fill:#e09b13}
.rule{stroke:#3d444d}.cell{stroke:#1c2128}.cell:hover{fill:#1f2937}.all{fill:#3fb950}.some{fill:#e09b13}.ring{stroke:#e09b13}.none{fill:#545d68}}
`.trim();
