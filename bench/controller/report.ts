import { markdownTable } from '../table.ts';
import type { Move } from './moves.ts';
import type { ControllerReport } from './run.ts';

interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What we hold ourselves to. */
  readonly limit?: number;
}

function rowsOf({
  sync,
  connected,
  atRest,
  changing,
  moves,
  cpuMillisPerMove,
  kubectl,
  movesAmongChanges,
  size,
}: ControllerReport) {
  const percent = (share: number): number => share * 100;
  const rows: readonly Row[] = [
    { what: 'start to everything listed', value: sync.listedSeconds, unit: 's' },
    { what: 'start to proxies served', value: sync.servedSeconds, unit: 's', limit: 15 },
    { what: 'its processor time', value: sync.cpuSeconds, unit: 's' },
    { what: 'RSS then', value: sync.rssMiB, unit: 'MiB' },
    { what: `${size.proxies} proxies at once have everything`, value: connected.seconds, unit: 's', limit: 30 },
    { what: 'its processor time', value: connected.cpuSeconds, unit: 's' },
    { what: 'sent', value: connected.mebibytes, unit: 'MiB' },
    { what: 'RSS at rest', value: atRest.rssMiB, unit: 'MiB', limit: 1024 },
    { what: 'RSS after all changes', value: changing.rssMiB, unit: 'MiB', limit: 1024 },
    { what: 'CPU at rest, of a core', value: percent(atRest.cpuShare), unit: '%', limit: 5 },
    {
      what: `CPU under ${changing.perSecond.toFixed(0)} changes/s`,
      value: percent(changing.cpuShare),
      unit: '%',
      limit: 75,
    },
    ...times('patch to the last ACK', moves, 500),
    ...times('of it, until the apiserver answers', moves.map(answered)),
    { what: 'its processor time for one', value: cpuMillisPerMove, unit: 'ms' },
    ...times('`kubectl patch` to the last ACK', kubectl),
    ...times('of it, until kubectl ends', kubectl.map(answered)),
    ...times(`patch to the last ACK among ${changing.perSecond.toFixed(0)} changes/s`, movesAmongChanges, 500),
    { what: 'sent for one weight', value: (moves[0]?.bytes ?? Number.NaN) / 2 ** 10, unit: 'KiB' },
  ];
  return rows;
}

const answered = (move: Move): Move => ({ ...move, millis: move.answeredMillis });

function times(what: string, moves: readonly Move[], limit?: number): readonly Row[] {
  const sorted = moves.map(({ millis }) => millis).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? Number.NaN;
  return [
    { what: `${what}, p50 of ${moves.length}`, value: at(0.5), unit: 'ms' },
    { what: `${what}, p99`, value: at(0.99), unit: 'ms', ...(limit === undefined ? {} : { limit }) },
  ];
}

/** A table for people, in Markdown. */
export function renderController(report: ControllerReport): string {
  const { services, pods, splits, proxies } = report.size;
  const lines = rowsOf(report).map(({ what, value, unit, limit }) => [
    what,
    `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ${unit}`,
    limit === undefined ? '-' : `${limit} ${unit}`,
    limit === undefined ? '-' : value <= limit ? 'yes' : 'NO',
  ]);
  return [
    `controller: ${services} Services, ${pods} pods, ${splits} splits (${report.objects} objects), ${proxies} proxies, half of them Envoys`,
    '',
    ...markdownTable([['what', 'measured', 'limit', 'met'], ...lines]),
    '',
    report.versions.join(', '),
  ].join('\n');
}
