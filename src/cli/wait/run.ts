import type { WaitReport } from '../../control/admin/contract.ts';
import { nonEmpty } from '../../lib/collections.ts';
import { askedBy, type ControlPlaneOptions, notReached } from '../control-plane/answer.ts';
import { controlPlaneOf } from '../control-plane/ask.ts';
import { mergeWaits } from '../control-plane/merge.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson, styleFor } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { renderWait } from './text.ts';

export interface WaitOptions extends ControlPlaneOptions {
  /** In milliseconds. */
  readonly timeout: number;
  readonly output: 'text' | 'json';
}

/** One question waits no longer than this; it is asked again until the time is over. */
const stepMillis = 20_000;
/** For an answer to arrive once the control plane has stopped waiting. */
const graceMillis = 5_000;

/** Waits until every proxy has what was saved until now; returns the exit code. */
export async function runWait(objects: readonly string[], options: WaitOptions): Promise<number> {
  const controlPlane = await controlPlaneOf(options);
  const deadline = performance.now() + options.timeout;
  let report: WaitReport;
  do {
    const timeout = Math.max(0, Math.round(Math.min(stepMillis, deadline - performance.now())));
    const query = new URLSearchParams({ timeout: String(timeout) });
    for (const object of objects) query.append('object', object);
    const answers = nonEmpty(await controlPlane.ask<WaitReport>(`/wait?${query}`, timeout + graceMillis));
    if (answers === undefined) throw notReached('nobody answers', askedBy(options));
    report = mergeWaits(answers);
  } while (report.outcome === 'waiting' && performance.now() < deadline);
  if (report.outcome === 'unknown-object') {
    const where = options.context === undefined ? 'in the files' : 'in the cluster';
    return wrongUse(`there is no ${report.unknown.join(' and no ')} ${where}; write KIND/NAMESPACE/NAME`);
  }
  if (options.output === 'json') printJson(report);
  else print(...renderWait(report, options.timeout, styleFor(process.stdout)));
  if (report.outcome === 'landed') return exitCodes.fine;
  return report.outcome === 'refused' ? exitCodes.findings : exitCodes.unreachable;
}
