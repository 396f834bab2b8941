import { type Chart, type RenderedObject, readChart } from '../../chart/chart.ts';
import { overlaid } from '../../chart/values.ts';
import { applyInstallation, managedBy } from '../../install/apply.ts';
import { refusedDowngrade } from '../../install/downgrade.ts';
import { findInstallation, type Installation } from '../../install/installation.ts';
import { readValues, valuesObject } from '../../install/kept-values.ts';
import { waitUntilReady } from '../../install/ready.ts';
import type { Connection } from '../../kubernetes-client/connect.ts';
import type { Fields } from '../../lib/values.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { clusterOf, needed } from './cluster.ts';
import type { ApplyingOptions } from './options.ts';
import { changeLines, progress, readyLines } from './report.ts';
import { valuesOf } from './settings.ts';

export interface InstallOptions extends ApplyingOptions {
  /** Print the objects in place of applying them. */
  readonly print?: true;
  readonly output?: 'yaml' | 'json';
}

export interface UpgradeOptions extends ApplyingOptions {
  readonly dryRun?: true;
  /** Begin with the chart's own values instead of those of the installation. */
  readonly resetValues?: true;
}

/** Release of the objects that this program applies; the name is a label of theirs. */
const releaseName = 'smi-mesh';

export async function install(options: InstallOptions): Promise<number> {
  const values = valuesOf(options);
  if (!values.ok) return wrongUse(values.error);
  const chart = readChart();
  const objects = render(chart, options.namespace, values.value);
  if (typeof objects === 'number') return objects;
  if (options.print === true || options.output !== undefined) {
    if (options.output === 'json')
      printJson({ apiVersion: 'v1', kind: 'List', items: objects.map(({ object }) => object) });
    else process.stdout.write(objects.map(({ text }) => text).join('---\n'));
    return exitCodes.fine;
  }
  const connection = await clusterOf(options);
  const before = needed(await findInstallation(connection));
  if (before !== undefined && !isContinued(before, options.namespace)) return refuse(before);
  if (options.checks && !(await mayInstall(connection, options.namespace))) return exitCodes.findings;
  return await applyAndWait(connection, objects, values.value, options, 'installed');
}

export async function upgrade(options: UpgradeOptions): Promise<number> {
  const given = valuesOf(options);
  if (!given.ok) return wrongUse(given.error);
  const connection = await clusterOf(options);
  const before = needed(await findInstallation(connection));
  if (before === undefined) return wrongUse('there is no installation to upgrade; use `install`');
  if (before.managedBy !== managedBy) return refuse(before);
  const { namespace } = before;
  const kept = options.resetValues ? {} : needed(await readValues(connection, namespace));
  const values = [kept, ...given.value];
  const chart = readChart();
  const objects = render(chart, namespace, values);
  if (typeof objects === 'number') return objects;
  const downgrade = needed(await refusedDowngrade(connection));
  if (downgrade !== undefined) {
    process.stderr.write(`error: ${downgrade}\n`);
    return exitCodes.findings;
  }
  const bodies = withValues(objects, namespace, values);
  const changes = needed(await applyInstallation(connection, bodies, namespace, { dryRun: true }));
  print(`from ${before.version} to ${chart.version}`, ...changeLines(changes));
  if (options.dryRun) return exitCodes.fine;
  return await applyAndWait(connection, objects, values, { ...options, namespace }, 'upgraded');
}

/** An installation that did not come to its end is continued by the same command. */
function isContinued(before: Installation, namespace: string): boolean {
  return before.managedBy === managedBy && before.namespace === namespace;
}

function refuse({ namespace, version, managedBy: manager }: Installation): number {
  const how = manager === 'Helm' ? 'Use `helm upgrade`' : `Use what put it there (${manager})`;
  process.stderr.write(
    `error: smi-mesh ${version} is in namespace ${namespace} already, managed by ${manager}\n  hint: ${how}, or remove it first.\n`,
  );
  return exitCodes.findings;
}

function render(chart: Chart, namespace: string, values: readonly Fields[]): readonly RenderedObject[] | number {
  const release = { name: releaseName, namespace, service: managedBy };
  const rendered = chart.render(release, { createNamespace: true }, ...values);
  return rendered.ok ? rendered.value : wrongUse(`the values are not valid\n  ${rendered.error.join('\n  ')}`);
}

async function mayInstall(connection: Connection, namespace: string): Promise<boolean> {
  const [{ runChecks }, { checkLines }] = await Promise.all([
    import('../../install/checks/run.ts'),
    import('../check/text.ts'),
  ]);
  const results = await runChecks(connection, { stage: 'before', namespace });
  const errors = results.filter(({ status }) => status === 'error');
  if (errors.length > 0) process.stderr.write(`${checkLines(errors).join('\n')}\n`);
  return errors.length === 0;
}

async function applyAndWait(
  connection: Connection,
  objects: readonly RenderedObject[],
  values: readonly Fields[],
  { namespace, wait, timeout }: ApplyingOptions,
  verb: 'installed' | 'upgraded',
): Promise<number> {
  const started = performance.now();
  const say = progress();
  const bodies = withValues(objects, namespace, values);
  const applied = needed(
    await applyInstallation(connection, bodies, namespace, {
      dryRun: false,
      onApplied: ({ title, change }) => say(`${change} ${title}`),
    }),
  );
  const changed = applied.filter(({ change }) => change !== 'unchanged').length;
  if (!wait) {
    print(`${verb}: ${changed} of ${applied.length} objects changed; not waited for`);
    return exitCodes.fine;
  }
  const state = await waitUntilReady(connection, {
    namespace,
    timeout,
    onProgress: (now) => say(...readyLines(now.filter(({ ready }) => !ready))),
  });
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  if (state.every(({ ready }) => ready)) {
    print(`${verb}: smi-mesh is ready in namespace ${namespace} (${seconds} s)`, ...readyLines(state));
    return exitCodes.fine;
  }
  print(`not ready after ${seconds} s`, ...readyLines(state), '  hint: `smi-cli check` says more');
  return exitCodes.findings;
}

/** With the values beside the objects, from which the next upgrade goes on. */
function withValues(
  objects: readonly RenderedObject[],
  namespace: string,
  values: readonly Fields[],
): readonly Fields[] {
  return [...objects.map(({ object }) => object), valuesObject(namespace, overlaid({}, ...values))];
}
