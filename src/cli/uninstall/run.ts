import { createInterface } from 'node:readline/promises';
import { managedBy } from '../../install/apply.ts';
import { findInstallation } from '../../install/installation.ts';
import { leftBehind } from '../../install/left-behind.ts';
import { removeInstallation } from '../../install/removal.ts';
import { exitCodes } from '../exit-codes.ts';
import { clusterOf, needed } from '../install/cluster.ts';
import type { TargetOptions } from '../install/options.ts';
import { progress } from '../install/report.ts';
import { print } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';

export interface UninstallOptions extends TargetOptions {
  readonly namespace: string;
  /** The definitions too, and with them every SMI object. */
  readonly all?: true;
  readonly yes?: true;
  /** What `helm uninstall` cannot remove in the right order, for the chart's hook. */
  readonly leftovers?: true;
}

export async function uninstall(options: UninstallOptions): Promise<number> {
  const connection = await clusterOf(options);
  const found = needed(await findInstallation(connection));
  if (!options.leftovers && found !== undefined && found.managedBy !== managedBy) {
    const how = found.managedBy === 'Helm' ? 'helm uninstall' : `what put it there (${found.managedBy})`;
    return wrongUse(`smi-mesh in namespace ${found.namespace} is managed by ${found.managedBy}; use ${how}`);
  }
  const namespace = options.leftovers ? options.namespace : (found?.namespace ?? options.namespace);
  const before = needed(await leftBehind(connection));
  const question = options.all
    ? `This removes smi-mesh from namespace ${namespace}, and deletes ${before.objectCount} SMI objects with their definitions.`
    : `This removes smi-mesh from namespace ${namespace}; SMI objects stay.`;
  if (!options.yes && !(await confirmed(question)))
    return wrongUse('not confirmed; say --yes where nobody can be asked');
  const say = progress();
  needed(
    await removeInstallation(connection, {
      namespace,
      all: options.all === true,
      scope: options.leftovers ? 'leftovers' : 'everything',
      onRemoved: (title) => say(`removed ${title}`),
    }),
  );
  const left = needed(await leftBehind(connection));
  print(`uninstalled: smi-mesh is gone from namespace ${namespace}`, ...left.lines);
  return exitCodes.fine;
}

async function confirmed(question: string): Promise<boolean> {
  if (process.stdin.isTTY !== true) return false;
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`${question}\nGo on? [y/N] `);
  prompt.close();
  return /^y(es)?$/i.test(answer.trim());
}
