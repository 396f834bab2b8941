import { markdownTable } from '../table.ts';
import type { XdsFigures, XdsMeasurement, XdsReport } from './run.ts';
import { isGoControlPlane, ours } from './subjects.ts';

/** What we hold ourselves to. */
const limits = {
  /** From a changed weight to the last acknowledgement, with so many clients. */
  p99Millis: 250,
  p99Clients: 1000,
  /** CPU of a push as a multiple of go-control-plane's, with the cache that costs it less. */
  cpuRatio: 2,
  /** CPU of a push over the largest mesh as a multiple of that over the smallest. */
  growth: 1.5,
} as const;

const columns: readonly (readonly [title: string, cell: (figures: XdsFigures) => string])[] = [
  ['p50 ms', ({ p50Millis }) => p50Millis.toFixed(1)],
  ['p99 ms', ({ p99Millis }) => p99Millis.toFixed(1)],
  ['changes', ({ changes }) => String(changes)],
  ['CPU µs/push', ({ cpuMicrosPerPush }) => cpuMicrosPerPush.toFixed(1)],
  ['CPU s/change', ({ cpuSecondsPerChange }) => cpuSecondsPerChange.toFixed(4)],
  ['bytes/push', ({ bytesPerPush }) => bytesPerPush.toFixed(0)],
  ['RSS MiB', ({ rssMiB }) => rssMiB.toFixed(0)],
  ['first load s', ({ firstSeconds }) => firstSeconds.toFixed(1)],
  ['its CPU s', ({ firstCpuSeconds }) => firstCpuSeconds.toFixed(1)],
  ['its MiB/client', ({ firstMiBPerClient }) => firstMiBPerClient.toFixed(2)],
];

export interface Verdict {
  readonly what: string;
  /** Null when what it needs was not measured. */
  readonly measured: number | null;
  readonly limit: number;
  readonly met: boolean | null;
}

/** How the figures stand against the limits. */
export function xdsVerdicts({ fleets, meshes }: Pick<XdsReport, 'fleets' | 'meshes'>): readonly Verdict[] {
  const verdict = (what: string, measured: number | undefined, limit: number): Verdict => ({
    what,
    measured: measured ?? null,
    limit,
    met: measured === undefined ? null : measured <= limit,
  });
  const p99 = fleets
    .filter(({ clients }) => clients === limits.p99Clients)
    .map((fleet) => verdict(`p99 ms, ${fleet.clients} clients`, figuresOf(fleet)?.p99Millis, limits.p99Millis));
  const ratios = fleets.map((fleet) =>
    verdict(`CPU per push, smi-mesh to go-control-plane, ${fleet.clients} clients`, cpuRatio(fleet), limits.cpuRatio),
  );
  const first = meshes[0];
  const last = meshes.at(-1);
  if (first === undefined || last === undefined || first === last) return [...p99, ...ratios];
  const [small, large] = [figuresOf(first)?.cpuMicrosPerPush, figuresOf(last)?.cpuMicrosPerPush];
  const growth = small === undefined || large === undefined ? undefined : large / small;
  const what = `CPU per push of smi-mesh, ${last.services} services to ${first.services}`;
  return [...p99, ...ratios, verdict(what, growth, limits.growth)];
}

function figuresOf({ figures }: XdsMeasurement): XdsFigures | undefined {
  return figures.find(({ subject }) => subject === ours);
}

function cpuRatio(fleet: XdsMeasurement): number | undefined {
  const mine = figuresOf(fleet)?.cpuMicrosPerPush;
  const theirs = fleet.figures.filter(({ subject }) => isGoControlPlane(subject)).map((row) => row.cpuMicrosPerPush);
  return mine === undefined || theirs.length === 0 ? undefined : mine / Math.min(...theirs);
}

/** Tables for people, in Markdown, and a line for each limit. */
export function renderXds(report: XdsReport): string {
  const { fleets, meshes, wildcard, tls } = report;
  const asked = wildcard ? 'everything by wildcard' : 'endpoints and routes by name, the others by wildcard';
  const how = `${asked}${tls ? ', mutual TLS' : ''}`;
  const tables = fleets.flatMap(({ clients, services, endpoints, figures }) => [
    `xds: ${clients} clients x ${services} services x ${endpoints} endpoints, ${how}`,
    '',
    ...markdownTable([
      ['server', ...columns.map(([title]) => title)],
      ...figures.map((row) => [row.subject, ...columns.map(([, cell]) => cell(row))]),
    ]),
    '',
  ]);
  const verdicts = xdsVerdicts(report).map(({ what, measured, limit, met }) =>
    measured === null
      ? `- ${what}: not measured`
      : `- ${what}: ${measured.toFixed(2)} (at most ${limit}: ${met ? 'met' : 'NO'})`,
  );
  return [...tables, ...meshTable(meshes), ...verdicts, '', report.versions.join(', ')].join('\n');
}

function meshTable(meshes: readonly XdsMeasurement[]): readonly string[] {
  const [first] = meshes;
  if (first === undefined) return [];
  const title = ({ services }: XdsMeasurement): string => `${services} services`;
  const rows = first.figures.map(({ subject }) => [
    subject,
    ...meshes.map(({ figures }) => {
      const row = figures.find((each) => each.subject === subject);
      return row === undefined ? '-' : `${row.cpuMicrosPerPush.toFixed(1)} µs, ${row.p50Millis.toFixed(1)} ms`;
    }),
  ]);
  return [
    `xds: one changed weight, ${first.clients} clients: CPU of a push, and p50 until the last acknowledgement`,
    '',
    ...markdownTable([['server', ...meshes.map(title)], ...rows]),
    '',
  ];
}
