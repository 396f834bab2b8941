import type { AccessMatrix, MatrixCell } from '../../analysis/matrix.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import { countAccess, describeAccess, describeSpreads, nameOf } from './describe.ts';

/** Columns of a grid that a terminal can show. */
const widestGrid = 40;

/** The counts, a grid while it fits, and for each service who may call it, with what, by which rule. */
export function matrixText(matrix: AccessMatrix, style: TextStyle): readonly string[] {
  const { clients, destinations } = matrix;
  return [
    style.bold(summarize(matrix)),
    ...(destinations.length > 0 && destinations.length <= widestGrid && clients.length > 0 ? grid(matrix, style) : []),
    ...destinations.flatMap((_, column) => ['', ...destinationLines(matrix, column, style)]),
  ];
}

export function summarize({ clients, destinations, cells }: AccessMatrix): string {
  const { all, some, none, unavailable } = countAccess(cells.flat());
  const dead = unavailable > 0 ? `, ${unavailable} without a ready pod` : '';
  const sizes = `${plural(clients.length, 'client')}, ${plural(destinations.length, 'service port')}`;
  return `${sizes}: ${all} may do all, ${some} some, ${none} nothing${dead}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

const signs = { all: '#', some: '+', none: '.', unavailable: '-' } as const;

function grid({ clients, destinations, cells }: AccessMatrix, style: TextStyle): readonly string[] {
  const width = Math.max(...clients.map(({ account }) => account.length));
  const numbers = destinations.map((_, column) => String(column + 1).padStart(3)).join('');
  const rows = clients.map(({ account }, row) => {
    const line = (cells[row] ?? []).map((cell) => `  ${painted(cell, style)}`).join('');
    return `${account.padEnd(width)}${line}`;
  });
  return [
    '',
    `${' '.repeat(width)}${style.dim(numbers)}`,
    ...rows,
    style.dim(`# all   + some   . nothing   - no ready pod; columns are numbered as below`),
  ];
}

function painted({ access }: MatrixCell, style: TextStyle): string {
  const sign = signs[access];
  if (access === 'all') return style.green(sign);
  return access === 'some' ? style.yellow(sign) : style.dim(sign);
}

function destinationLines({ clients, destinations, cells }: AccessMatrix, column: number, style: TextStyle): string[] {
  const destination = destinations[column];
  if (destination === undefined) return [];
  const callers = clients.flatMap((client, row) => {
    const cell = cells[row]?.[column];
    return cell === undefined || cell.access === 'none' || cell.access === 'unavailable' ? [] : [{ client, cell }];
  });
  const width = Math.max(0, ...callers.map(({ client }) => client.account.length));
  const lines = callers.map(({ client, cell }) => callerLine(client.account.padEnd(width), cell, client.exists));
  const dead = cells.some((row) => row[column]?.access === 'unavailable');
  const nobody = dead ? '  no pod is ready' : '  nobody';
  const heading = `${style.dim(`[${column + 1}]`)} ${style.bold(nameOf(destination))} ${style.dim(destination.protocol)}`;
  return [heading, ...(lines.length > 0 ? lines : [nobody])];
}

function callerLine(account: string, cell: MatrixCell, exists: boolean): string {
  const rules = cell.rules.length === 0 ? '' : `  by ${cell.rules.join(', ')}`;
  const spread = cell.spreads.length === 0 ? '' : `  to ${describeSpreads(cell.spreads)}`;
  const absent = exists ? '' : '  (no pod)';
  const partial = cell.exhaustive ? '' : '  (not every kind of request was tried)';
  return `  ${account}  ${cell.access.padEnd(4)}  ${describeAccess(cell)}${rules}${spread}${absent}${partial}`;
}
