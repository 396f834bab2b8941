import type { TrafficRow } from '../../control/local/table.ts';
import type { TextStyle } from '../../lib/text-style.ts';

const heads = [
  'SOURCE',
  'DESTINATION',
  'BACKEND',
  'REQ/S',
  'SUCCESS',
  'DENIED',
  'P50 MS',
  'P95 MS',
  'P99 MS',
  'SHARE',
  'WANTED',
];
const textColumns = 3;

/** The rows as aligned lines under a head; latencies in milliseconds. */
export function renderTrafficTable(rows: readonly TrafficRow[], style: TextStyle): readonly string[] {
  const cells = rows.map(cellsOf);
  const widths = heads.map((head, column) => Math.max(head.length, ...cells.map((row) => row[column]?.length ?? 0)));
  const lay = (row: readonly string[]) =>
    row.map((cell, column) =>
      column < textColumns ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
  const body = cells.map((row, index) => {
    const laid = lay(row);
    const paint = (rows[index]?.successPercent ?? 0) >= 99.95 ? style.green : style.red;
    return laid.map((cell, column) => (heads[column] === 'SUCCESS' ? paint(cell) : cell)).join('  ');
  });
  return [style.bold(lay(heads).join('  ')), ...body];
}

function cellsOf(row: TrafficRow): readonly string[] {
  return [
    short(row.source),
    short(row.destination),
    short(row.backend),
    row.requestsPerSecond.toFixed(1),
    percent(row.successPercent),
    String(row.denied),
    millis(row.p50Millis),
    millis(row.p95Millis),
    millis(row.p99Millis),
    percent(row.seenPercent),
    row.wantedPercent === undefined ? '' : percent(row.wantedPercent),
  ];
}

/** The namespace `default` goes without saying. */
function short(name: string): string {
  return name.replace(/^default\//, '');
}

/** Never rounded up to 100 %: a single failure shows. */
function percent(value: number): string {
  return value < 100 && value > 99.9 ? `${(Math.floor(value * 100) / 100).toFixed(2)} %` : `${value.toFixed(1)} %`;
}

function millis(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}
