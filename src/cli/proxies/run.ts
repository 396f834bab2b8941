import type { DiffReport, ProxiesReport, ProxyReport } from '../../control/admin/contract.ts';
import type { ControlPlaneOptions } from '../control-plane/answer.ts';
import { controlPlaneOf } from '../control-plane/ask.ts';
import { mergeProxies } from '../control-plane/merge.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson, styleFor } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { renderDiff } from './diff-text.ts';
import { type DetailedReport, renderProxies, renderProxy } from './text.ts';

export interface ProxiesOptions extends ControlPlaneOptions {
  readonly diff?: true;
  readonly output: 'text' | 'wide' | 'json';
}

/** Lists the proxies, or tells of one; returns the exit code. */
export async function runProxies(proxy: string | undefined, options: ProxiesOptions): Promise<number> {
  if (proxy === undefined) {
    if (options.diff) return wrongUse('--diff needs a proxy: smi-cli proxies NAME --diff');
    return listProxies(options);
  }
  const controlPlane = await controlPlaneOf(options);
  const node = encodeURIComponent(proxy.includes('/') ? proxy : `default/${proxy}`);
  if (options.diff) {
    const report = streams(await controlPlane.ask<Streams<DiffReport>>(`/diff/${node}`));
    if (options.output === 'json') printJson(report);
    else print(...report.proxies.flatMap((each) => renderDiff(each, styleFor(process.stdout))));
    return report.proxies.some(({ differences }) => differences.length > 0) ? exitCodes.findings : exitCodes.fine;
  }
  const report = streams(await controlPlane.ask<Streams<DetailedReport>>(`/proxies/${node}`));
  if (options.output === 'json') printJson(report);
  else print(...report.proxies.flatMap((each) => renderProxy(each, Date.now(), styleFor(process.stdout))));
  return exitCodeOf(report.proxies);
}

interface Streams<T> {
  readonly proxies: readonly T[];
}

/** A proxy that has just moved from one replica to another may have a stream at both. */
function streams<T>(answers: readonly Streams<T>[]): Streams<T> {
  return { proxies: answers.flatMap(({ proxies }) => proxies) };
}

async function listProxies(options: ProxiesOptions): Promise<number> {
  const report = mergeProxies(await (await controlPlaneOf(options)).ask<ProxiesReport>('/proxies'));
  if (options.output === 'json') printJson(report);
  else print(...renderProxies(report, Date.now(), options.output === 'wide', styleFor(process.stdout)));
  return exitCodeOf(report.proxies);
}

function exitCodeOf(proxies: readonly ProxyReport[]): number {
  return proxies.every(({ state }) => state === 'synced') ? exitCodes.fine : exitCodes.findings;
}
