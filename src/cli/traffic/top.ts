import { setTimeout as pause } from 'node:timers/promises';
import type { TrafficSummary } from '../../metrics/contract.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';
import { wrongUse } from '../wrong-use.ts';
import { askForTraffic, isNamed } from './ask.ts';
import { kindsText, readPlural, type TopOptions } from './options.ts';
import { renderTop } from './render-top.ts';

const refreshMillis = 2_000;

/** Shows what resources of a kind receive or send; returns the exit code. */
export async function runTop(kind: string, name: string | undefined, options: TopOptions): Promise<number> {
  if (options.file !== undefined) {
    const { answerFile } = await import('./answer-file.ts');
    return await answerFile(options.file, options);
  }
  const by = readPlural(kind);
  if (by === undefined) return wrongUse(`${kind} is not measured; one of ${kindsText} is`);
  const side = options.side ?? (by === 'trafficsplits' || options.direction === 'to' ? 'client' : 'server');
  const ask = await askForTraffic({ by, side, only: options.direction }, options);
  const rowsOf = ({ totals }: TrafficSummary) =>
    totals.filter(({ resource }) => isNamed(resource, name, options.within));
  const first = await ask();
  if (options.output === 'json') {
    const { edges: _, ...rest } = first;
    printJson({ ...rest, side, direction: options.direction, totals: rowsOf(first) });
    return exitCodes.fine;
  }
  const wide = options.output === 'wide';
  const render = (summary: TrafficSummary) => renderTop(summary, rowsOf(summary), { by, side, wide, ...options });
  if (!process.stdout.isTTY || options.once) print(...render(first));
  else await live(ask, render, first);
  return exitCodes.fine;
}

/** Redraws until a signal. */
async function live(
  ask: () => Promise<TrafficSummary>,
  render: (summary: TrafficSummary) => readonly string[],
  first: TrafficSummary,
): Promise<void> {
  const stopped = stopSignal().then(() => 'stopped' as const);
  for (let summary = first; ; summary = await ask()) {
    const height = Math.max(2, (process.stdout.rows ?? 24) - 1);
    process.stdout.write(`\u001b[H\u001b[J${render(summary).slice(0, height).join('\n')}\n`);
    if ((await Promise.race([stopped, pause(refreshMillis)])) === 'stopped') return;
  }
}
