import { losses } from '../../adapter/losses.ts';
import { defaultCompileOptions } from '../../compile/index.ts';
import { findWorkload } from '../../explain/client.ts';
import { didYouMean } from '../../explain/parties.ts';
import { bootstrapTargets } from '../adapters.ts';
import { checkSources } from '../check-sources.ts';
import type { ClusterChoice } from '../cluster-input.ts';
import { exitCodes } from '../exit-codes.ts';
import { reportDiagnostics, reportFindings } from '../findings.ts';
import { printJson } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { printYaml } from '../yaml-output.ts';

export interface CompileOptions extends ClusterChoice {
  readonly output: 'yaml' | 'json';
  /** A data plane, together with the workload whose proxy it is. */
  readonly to?: string;
  readonly workload?: string;
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Prints the mesh model, or the configuration from which one proxy starts; returns the exit code. */
export async function compile(paths: readonly string[], options: CompileOptions): Promise<number> {
  const { to, workload } = options;
  if (to === undefined && workload === undefined) return printModel(paths, options);
  if (to === undefined || workload === undefined) return wrongUse('--to and --workload belong together');
  return printBootstrap(paths, to, workload, options);
}

async function printModel(paths: readonly string[], options: CompileOptions): Promise<number> {
  const checked = await checkSources(paths, defaultCompileOptions, options);
  const faulty = reportFindings(checked);
  write(checked.model, options);
  return faulty ? exitCodes.findings : exitCodes.fine;
}

async function printBootstrap(
  paths: readonly string[],
  to: string,
  workload: string,
  options: CompileOptions,
): Promise<number> {
  const target = bootstrapTargets.find(({ adapter }) => adapter.id === to);
  if (target === undefined) {
    const ids = bootstrapTargets.map(({ adapter }) => adapter.id);
    return wrongUse(`"${to}" is not one of ${ids.join(', ')}${didYouMean(to, ids)}`);
  }
  const checked = await checkSources(paths, defaultCompileOptions, options);
  const faulty = reportFindings(checked);
  const found = findWorkload(checked.model, workload);
  if (!found.ok) return wrongUse(found.error);
  const certificateFiles = { certificateChain: options.cert, privateKey: options.key, trustBundle: options.ca };
  const bootstrap = target.bootstrap(checked.model, found.value.id, { certificateFiles });
  if (!bootstrap.ok) {
    reportDiagnostics(bootstrap.error, checked.sources);
    return exitCodes.findings;
  }
  reportDiagnostics(losses(checked.model, target.adapter), checked.sources);
  write(bootstrap.value, options);
  return faulty ? exitCodes.findings : exitCodes.fine;
}

function write(value: unknown, { output }: CompileOptions): void {
  if (output === 'json') printJson(value);
  else printYaml(value);
}
