import { runChecks } from '../../install/checks/run.ts';
import { findInstallation } from '../../install/installation.ts';
import { proxiesIn } from '../control-plane/in-cluster.ts';
import { exitCodes } from '../exit-codes.ts';
import { clusterOf, needed } from '../install/cluster.ts';
import type { TargetOptions } from '../install/options.ts';
import { print, printJson, styleFor } from '../output.ts';
import { checkLines, verdictOf } from './text.ts';

export interface CheckOptions extends TargetOptions {
  readonly namespace: string;
  readonly before?: true;
  readonly output: 'text' | 'json';
}

export async function check(options: CheckOptions): Promise<number> {
  const connection = await clusterOf(options);
  const installation = needed(await findInstallation(connection));
  const stage = options.before || installation === undefined ? 'before' : 'after';
  const namespace = installation?.namespace ?? options.namespace;
  const results = await runChecks(connection, {
    ...{ stage, namespace },
    proxies: proxiesIn(connection, namespace),
  });
  if (options.output === 'json') printJson({ stage, namespace, results });
  else print(verdictOf(results, stage), ...checkLines(results, styleFor(process.stdout)));
  return results.some(({ status }) => status === 'error') ? exitCodes.findings : exitCodes.fine;
}
