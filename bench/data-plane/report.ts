import { median } from '../median.ts';
import { markdownTable } from '../table.ts';
import { fixedRate } from './load/open-loop.ts';
import type { Column, Figures, Scenario } from './scenario.ts';
import { smiMeshHttp1Uncounted } from './subjects/smi-mesh.ts';

/** A figure of ours as a multiple of another (Envoy's better one where there are two), and what it should be at most. */
export interface Ratio {
  readonly what: string;
  readonly to: 'Envoy' | 'not counting';
  /** Null when one of the two was not measured. */
  readonly value: number | null;
  readonly required: number;
  readonly aim: number;
}

export interface Report {
  readonly name: string;
  readonly describes: string;
  /** Medians over the rounds. */
  readonly rows: readonly { readonly subject: string; readonly figures: Figures }[];
  readonly ratios: readonly Ratio[];
}

/** Whatever is measured. */
const commonColumns: readonly Column[] = [
  { key: 'pacedP50Millis', title: `p50 at ${fixedRate}/s`, digits: 2 },
  { key: 'pacedP99Millis', title: `p99 at ${fixedRate}/s`, digits: 2 },
  { key: 'pacedP999Millis', title: `p99.9 at ${fixedRate}/s`, digits: 2 },
  { key: 'rssMiB', title: 'RSS MiB', digits: 0, ofProxy: true },
];

const columnsOf = ({ columns }: Pick<Scenario, 'columns'>): readonly Column[] => [...columns, ...commonColumns];

type Measured = Pick<Scenario, 'name' | 'describes' | 'columns' | 'merit'>;

/** The rows in the order of the subjects, and how ours compare with Envoy's. */
export function makeReport(scenario: Measured, samples: ReadonlyMap<string, readonly Figures[]>): Report {
  const columns = columnsOf(scenario);
  const rows = [...samples].map(([subject, taken]) => ({ subject, figures: medians(columns, taken) }));
  const ratio = (what: string, key: string, aim: number): Ratio => {
    const least = (name: RegExp): number | undefined =>
      rows.flatMap(({ subject, figures }) => (name.test(subject) ? (figures[key] ?? []) : [])).sort((a, b) => a - b)[0];
    const ours = least(/^smi-mesh$/);
    const others = least(/^envoy/);
    const value = ours === undefined || others === undefined ? null : rounded(ours / others, 3);
    return { what, to: 'Envoy', value, required: 1, aim };
  };
  const { name, describes, merit } = scenario;
  const ratios = [ratio('CPU', merit.key, merit.aim), ratio(`p99 at ${fixedRate}/s`, 'pacedP99Millis', 1)];
  const connections = columns.some(({ key }) => key === 'cpuMicrosPerConnection')
    ? [ratio('CPU per connection', 'cpuMicrosPerConnection', 1)]
    : [];
  return { name, describes, rows, ratios: [...ratios, ...connections, ...counting(samples, merit.key)] };
}

/** The median of what the rounds say each for itself: what counting costs is less than what differs between rounds of a busy machine. */
function counting(samples: ReadonlyMap<string, readonly Figures[]>, key: string): readonly Ratio[] {
  const without = samples.get(smiMeshHttp1Uncounted.name);
  if (without === undefined) return [];
  const rounds = (samples.get('smi-mesh') ?? []).map((figures, round) => figures[key]! / without[round]![key]!);
  const value = rounds.length === 0 ? null : rounded(median(rounds), 3);
  return [{ what: 'CPU', to: 'not counting', value, required: mostForCounting, aim: mostForCounting }];
}

/** Of what a request costs while nobody counts it. */
const mostForCounting = 1.05;

function medians(columns: readonly Column[], samples: readonly Figures[]): Figures {
  return Object.fromEntries(
    columns.map(({ key, digits }) => [
      key,
      rounded(median(samples.map((sample) => sample[key] ?? Number.NaN)), digits),
    ]),
  );
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** A table for people, in Markdown, and a line for each ratio. */
export function renderReport(
  { name, describes, rows, ratios }: Report,
  { columns }: Pick<Scenario, 'columns'>,
): string {
  const all = columnsOf({ columns });
  const head = ['subject', ...all.map(({ title }) => title)];
  const body = rows.map(({ subject, figures }) => [
    subject,
    ...all.map(({ key, digits, ofProxy }) =>
      ofProxy && subject === 'direct' ? '-' : (figures[key] ?? Number.NaN).toFixed(digits),
    ),
  ]);
  const lines = ratios.map(({ what, to, value, required, aim }) => {
    if (value === null) return `${what}, smi-mesh to ${to}: not measured`;
    const met = (limit: number): string => (value <= limit ? 'met' : 'MISSED');
    const aimed = aim === required ? '' : `; aim ${aim}: ${met(aim)}`;
    return `${what}, smi-mesh to ${to}: ${value} (at most ${required}: ${met(required)}${aimed})`;
  });
  return [`${name}: ${describes}`, '', ...markdownTable([head, ...body]), '', ...lines].join('\n');
}
