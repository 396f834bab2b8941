import type { DiffReport, ProxiesReport, ProxyReport } from '../../control/admin/contract.ts';
import { askControlPlane, type ControlPlaneOptions, stateDirectoryOf } from '../control-plane/ask.ts';
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
  const directory = stateDirectoryOf(options);
  const node = encodeURIComponent(proxy.includes('/') ? proxy : `default/${proxy}`);
  if (options.diff) {
    const report = await askControlPlane<{ readonly proxies: readonly DiffReport[] }>(directory, `/diff/${node}`);
    if (options.output === 'json') printJson(report);
    else print(...report.proxies.flatMap((each) => renderDiff(each, styleFor(process.stdout))));
    return report.proxies.some(({ differences }) => differences.length > 0) ? exitCodes.findings : exitCodes.fine;
  }
  const report = await askControlPlane<{ readonly proxies: readonly DetailedReport[] }>(directory, `/proxies/${node}`);
  if (options.output === 'json') printJson(report);
  else print(...report.proxies.flatMap((each) => renderProxy(each, Date.now(), styleFor(process.stdout))));
  return exitCodeOf(report.proxies);
}

async function listProxies(options: ProxiesOptions): Promise<number> {
  const report = await askControlPlane<ProxiesReport>(stateDirectoryOf(options), '/proxies');
  if (options.output === 'json') printJson(report);
  else print(...renderProxies(report, Date.now(), options.output === 'wide', styleFor(process.stdout)));
  return exitCodeOf(report.proxies);
}

function exitCodeOf(proxies: readonly ProxyReport[]): number {
  return proxies.every(({ state }) => state === 'synced') ? exitCodes.fine : exitCodes.findings;
}
