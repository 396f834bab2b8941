import type { WaitReport } from '../../control/admin/contract.ts';
import { askControlPlane, type ControlPlaneOptions, stateDirectoryOf } from '../control-plane/ask.ts';
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
  const directory = stateDirectoryOf(options);
  const deadline = performance.now() + options.timeout;
  let report: WaitReport;
  do {
    const timeout = Math.max(0, Math.round(Math.min(stepMillis, deadline - performance.now())));
    const query = new URLSearchParams({ timeout: String(timeout) });
    for (const object of objects) query.append('object', object);
    report = await askControlPlane<WaitReport>(directory, `/wait?${query}`, timeout + graceMillis);
  } while (report.outcome === 'waiting' && performance.now() < deadline);
  if (report.outcome === 'unknown-object') {
    return wrongUse(`there is no ${report.unknown.join(' and no ')} in the files; write KIND/NAMESPACE/NAME`);
  }
  if (options.output === 'json') printJson(report);
  else print(...renderWait(report, options.timeout, styleFor(process.stdout)));
  if (report.outcome === 'landed') return exitCodes.fine;
  return report.outcome === 'refused' ? exitCodes.findings : exitCodes.unreachable;
}
