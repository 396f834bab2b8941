import { markdownTable } from '../table.ts';
import { type ChangeKind, changeKinds, type MeshFigures, type Times } from './figures.ts';
import type { CompileReport } from './run.ts';

interface Row {
  readonly name: string;
  readonly of: (figures: MeshFigures) => number | undefined;
  readonly unit: 'ms' | 'MB' | '';
  /** The most that it may be, in any of the meshes. */
  readonly limit?: number;
}

const names: Readonly<Record<ChangeKind, string>> = {
  weight: 'a weight of a split',
  readiness: 'the readiness of a pod',
  target: 'the sources of a target',
  service: 'one Service more',
};

const whole: readonly Row[] = [
  { name: 'decode everything', of: ({ decode }) => decode, unit: 'ms' },
  { name: 'compile everything', of: ({ compile }) => compile, unit: 'ms', limit: 5_000 },
  { name: 'both, processor time', of: ({ processor }) => processor, unit: 'ms' },
  { name: 'both, peak memory', of: ({ megabytes }) => megabytes, unit: 'MB', limit: 1_500 },
];

/** A table for people, in Markdown: a column for each mesh. */
export function renderCompile({ meshes, changes }: CompileReport): string {
  const rows = [
    ...whole,
    ...timesRows('', ({ changes: all }, kind) => all[kind], 20),
    ...planesOf(meshes).flatMap(({ adapter, position }) => planeRows(adapter, position)),
  ];
  const table = rows.map(({ name, of, unit, limit }) => {
    const values = meshes.map(of);
    const met =
      limit === undefined ? '-' : values.every((value) => value === undefined || value <= limit) ? 'yes' : 'NO';
    const cells = values.map((value) =>
      value === undefined ? '-' : unit === '' ? String(value) : `${amount(value)} ${unit}`,
    );
    return [name, ...cells, limit === undefined ? '-' : `${limit} ${unit}`, met];
  });
  const head = ['what', ...meshes.map(({ services }) => `${services} Services`), 'limit', 'met'];
  return [
    'Pods: two for each Service; splits and targets: one for every second Service.',
    `Changes: from the changed document to the model, ${changes} of each kind, p50 and p99; below, from the model to the views of`,
    'connected proxies, encoded.',
    '',
    ...markdownTable([head, ...table]),
  ].join('\n');
}

function timesRows(
  prefix: string,
  of: (figures: MeshFigures, kind: ChangeKind) => Times | undefined,
  limit?: number,
): readonly Row[] {
  return changeKinds.flatMap((kind) =>
    (['p50', 'p99'] as const).map(
      (share): Row => ({
        name: `${prefix}${names[kind]}, ${share}`,
        of: (figures) => of(figures, kind)?.[share],
        unit: 'ms',
        ...(limit === undefined ? {} : { limit }),
      }),
    ),
  );
}

/** The same planes in the same order were measured on each mesh. */
function planesOf(meshes: readonly MeshFigures[]) {
  return (meshes[0]?.published ?? []).map(({ adapter }, position) => ({ adapter, position }));
}

function planeRows(adapter: string, position: number): readonly Row[] {
  const at = ({ published }: MeshFigures) => published[position];
  return [
    { name: `${adapter}: proxies connected`, of: (figures) => at(figures)?.connected, unit: '' },
    { name: `${adapter}: all views opened`, of: (figures) => at(figures)?.opened, unit: 'ms' },
    ...timesRows(`${adapter}: `, (figures, kind) => at(figures)?.changes[kind]),
  ];
}

function amount(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}
