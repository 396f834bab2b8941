/** One subject's figures: medians over the rounds. */
export interface Row {
  readonly subject: string;
  /** User and system time of the proxy process for one request; 0 for `direct`, which has no proxy. */
  readonly cpuMicrosPerRequest: number;
  readonly requestsPerSecond: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly rssBytes: number;
}

export interface Report {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly ratios: { readonly cpuToEnvoy: number };
}

export type Sample = Omit<Row, 'subject'>;

/** The rows in the order of the subjects, and our CPU per request as a multiple of Envoy's. */
export function makeReport(name: string, samples: ReadonlyMap<string, readonly Sample[]>): Report {
  const rows = [...samples].map(([subject, taken]) => ({ subject, ...medians(taken) }));
  const cpuOf = (subject: string): number =>
    rows.find((row) => row.subject === subject)?.cpuMicrosPerRequest ?? Number.NaN;
  return { name, rows, ratios: { cpuToEnvoy: rounded(cpuOf('smi-mesh') / cpuOf('envoy'), 3) } };
}

function medians(samples: readonly Sample[]): Sample {
  const of = (pick: (sample: Sample) => number, digits: number): number => rounded(median(samples.map(pick)), digits);
  return {
    cpuMicrosPerRequest: of((sample) => sample.cpuMicrosPerRequest, 1),
    requestsPerSecond: of((sample) => sample.requestsPerSecond, 0),
    p50Millis: of((sample) => sample.p50Millis, 2),
    p99Millis: of((sample) => sample.p99Millis, 2),
    rssBytes: of((sample) => sample.rssBytes, 0),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (upper + lower) / 2;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** A table for people, in Markdown. */
export function renderTable({ rows, ratios }: Report): string {
  const cells = rows.map((row) => [
    row.subject,
    row.subject === 'direct' ? '-' : row.cpuMicrosPerRequest.toFixed(1),
    String(row.requestsPerSecond),
    row.p50Millis.toFixed(2),
    row.p99Millis.toFixed(2),
    row.subject === 'direct' ? '-' : (row.rssBytes / 1024 / 1024).toFixed(0),
  ]);
  const table = [['subject', 'CPU µs/request', 'requests/s', 'p50 ms', 'p99 ms', 'RSS MiB'], ...cells];
  return [...markdownTable(table), '', `CPU per request, smi-mesh to Envoy: ${ratios.cpuToEnvoy}`].join('\n');
}

/** The lines of a table in Markdown; the first line is the head, the first column is text, the others are numbers. */
export function markdownTable(table: readonly (readonly string[])[]): readonly string[] {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((line) => (line[column] ?? '').length)));
  const render = (line: readonly string[]): string =>
    `| ${line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  const [head = [], ...body] = table;
  return [render(head), rule, ...body.map(render)];
}
