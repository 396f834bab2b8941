import { markdownTable } from '../table.ts';
import type { CollectorReport } from './run.ts';

const refreshLimit = 200;

/** A table for people, in Markdown. */
export function renderCollector(report: CollectorReport): string {
  const { proxies, series, seconds, readings, failures } = report;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const rows = [
    ['processor time of the collector, of one core', `${(report.cpuShare * 100).toFixed(1)} %`, '-', '-'],
    ['resident memory', megabytes(report.rssBytes), '-', '-'],
    ['of it history', megabytes(report.keptBytes), '-', '-'],
    ['read from the sidecars, a second', megabytes(report.receivedBytesPerSecond), '-', '-'],
    ...report.refreshes.flatMap(({ by, median, worst }) => [
      [
        `top ${by}, refresh, median`,
        `${median.toFixed(0)} ms`,
        `${refreshLimit} ms`,
        median <= refreshLimit ? 'yes' : 'NO',
      ],
      [`top ${by}, refresh, worst`, `${worst.toFixed(0)} ms`, '-', '-'],
    ]),
  ];
  return [
    `${proxies} simulated sidecars with ${series} label sets, each read every 5 s, for ${seconds} s: ${readings} readings, ${failures} without an answer.`,
    '',
    ...markdownTable([['what', 'figure', 'limit', 'met'], ...rows]),
  ].join('\n');
}
