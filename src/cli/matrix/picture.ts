import type { AccessMatrix, MatrixCell } from '../../analysis/matrix.ts';
import { compareText } from '../../lib/collections.ts';
import { countAccess, describeAccess, describeSpreads, nameOf } from './describe.ts';

/** A grid of marks with labels, grouped by namespace; all texts are plain. */
export interface Picture {
  readonly rows: readonly PictureLabel[];
  readonly columns: readonly PictureLabel[];
  readonly marks: readonly (readonly PictureMark[])[];
  /** True where a mark stands for many cells. */
  readonly counted: boolean;
}

export interface PictureLabel {
  /** The namespace; lines are drawn between groups. */
  readonly group: string;
  readonly text: string;
  /** Drawn weaker: an account that no pod has. */
  readonly weak: boolean;
}

export interface PictureMark {
  readonly kind: MatrixCell['access'];
  /** Of a mark that stands for many cells: so many pairs of a client and a service may do something. */
  readonly open?: number;
  readonly title: string;
}

/** Rows or columns beyond which namespaces are drawn instead of what is in them. */
const largestPicture = 60;

/** Every client and service port. */
export function fullPicture({ clients, destinations, cells }: AccessMatrix): Picture {
  return {
    counted: false,
    rows: clients.map(({ account, namespace, exists }) => ({ group: namespace, text: account, weak: !exists })),
    columns: destinations.map((one) => ({ group: one.namespace, text: nameOf(one), weak: false })),
    marks: cells.map((row, index) =>
      row.map((cell, column) => {
        const destination = destinations[column];
        const parties = `${clients[index]?.account} → ${destination === undefined ? '' : nameOf(destination)}`;
        return { kind: cell.access, title: `${parties}\n${titleOf(cell)}` };
      }),
    ),
  };
}

function titleOf(cell: MatrixCell): string {
  return [
    words[cell.access],
    ...(cell.access === 'some' || cell.access === 'all' ? [describeAccess(cell)] : []),
    ...(cell.rules.length > 0 ? [`by ${cell.rules.join(', ')}`] : []),
    ...(cell.spreads.length > 0 ? [`to ${describeSpreads(cell.spreads)}`] : []),
    ...(cell.exhaustive ? [] : ['not every kind of request was tried']),
  ].join('\n');
}

const words = {
  all: 'everything is let in',
  some: 'some requests are let in',
  none: 'nothing is let in',
  unavailable: 'no pod is ready',
} as const;

/** Every pair of namespaces, with how much of it is open. */
export function namespacePicture({ clients, destinations, cells }: AccessMatrix): Picture {
  const rowGroups = grouped(clients.map(({ namespace }) => namespace));
  const columnGroups = grouped(destinations.map(({ namespace }) => namespace));
  const label = (namespace: string) => ({
    group: namespace,
    text: namespace === '' ? '(foreign)' : namespace,
    weak: false,
  });
  return {
    counted: true,
    rows: [...rowGroups.keys()].map(label),
    columns: [...columnGroups.keys()].map(label),
    marks: [...rowGroups].map(([from, rows]) =>
      [...columnGroups].map(([to, columns]) => {
        const inside = rows.flatMap((row) => columns.flatMap((column) => cells[row]?.[column] ?? []));
        return summaryMark(from, to, inside);
      }),
    ),
  };
}

function summaryMark(from: string, to: string, cells: readonly MatrixCell[]): PictureMark {
  const { all, some, none, unavailable } = countAccess(cells);
  const kind = all === cells.length ? 'all' : all + some > 0 ? 'some' : none > 0 ? 'none' : 'unavailable';
  const title = `${from} → ${to}\n${all} may do all, ${some} some, ${none + unavailable} nothing`;
  return { kind, open: all + some, title };
}

function grouped(namespaces: readonly string[]): ReadonlyMap<string, readonly number[]> {
  const groups = Map.groupBy(namespaces.keys(), (index) => namespaces[index] ?? '');
  return new Map([...groups].sort(([a], [b]) => compareText(a, b)));
}

/** The part of a matrix that leads to one namespace, without clients who may do nothing there. */
export function towards({ clients, destinations, cells }: AccessMatrix, namespace: string): AccessMatrix {
  const columns = [...destinations.keys()].filter((column) => destinations[column]?.namespace === namespace);
  const open = (row: number) =>
    columns.some((column) => cells[row]?.[column]?.access === 'all' || cells[row]?.[column]?.access === 'some');
  const rows = [...clients.keys()].filter(open);
  return {
    clients: rows.flatMap((row) => clients[row] ?? []),
    destinations: columns.flatMap((column) => destinations[column] ?? []),
    cells: rows.map((row) => columns.flatMap((column) => cells[row]?.[column] ?? [])),
  };
}

export function isLarge({ clients, destinations }: AccessMatrix): boolean {
  return clients.length > largestPicture || destinations.length > largestPicture;
}
