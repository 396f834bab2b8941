import { ensureEnvoy } from '../scripts/envoy.mjs';
import { ensureXdsBench } from '../scripts/xds-bench.mjs';
import { renderCollector } from './collector/report.ts';
import { runCollector } from './collector/run.ts';
import { renderCompile } from './compile/report.ts';
import { runCompile } from './compile/run.ts';
import { renderController } from './controller/report.ts';
import { runController } from './controller/run.ts';
import type { DataPlaneOptions } from './data-plane/options.ts';
import { profileScenario } from './data-plane/profile.ts';
import { type Report, renderReport } from './data-plane/report.ts';
import { runScenario } from './data-plane/run.ts';
import { scenarioOf } from './data-plane/scenarios.ts';
import { BenchFailure } from './failure.ts';
import { renderFrontend } from './frontend/report.ts';
import { runFrontend } from './frontend/run.ts';
import { type BenchOptions, parseOptions, usage } from './options.ts';
import { renderTranslate } from './translate/report.ts';
import { runTranslate } from './translate/run.ts';
import { renderXds } from './xds/report.ts';
import { runXds } from './xds/run.ts';

const progress = (line: string): void => console.error(line);

/** Progress goes to standard error and the result alone to standard output. Exit code 0, 1 (failed), 2 (wrong use). */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (!options.ok) {
    console.error(`bench: ${options.error}\n${usage}`);
    return 2;
  }
  return (await run(options.value)) ? 0 : 1;
}

/** Whether all of it could be measured. */
function run(options: BenchOptions): Promise<boolean> {
  if (options.benchmark === 'data-plane') return runDataPlane(options);
  if (options.benchmark === 'xds') {
    return attempt(async () => {
      const report = await runXds(options, ensureXdsBench(progress), progress);
      console.log(options.output === 'json' ? JSON.stringify(report) : `\n${renderXds(report)}`);
    });
  }
  if (options.benchmark === 'compile') {
    return attempt(async () => {
      const report = await runCompile(options, progress);
      console.log(options.output === 'json' ? JSON.stringify(report) : `\n${renderCompile(report)}`);
    });
  }
  if (options.benchmark === 'translate') {
    return attempt(async () => {
      const report = await runTranslate(options, progress);
      console.log(options.output === 'json' ? JSON.stringify(report) : `\n${renderTranslate(report)}`);
    });
  }
  if (options.benchmark === 'collector') {
    return attempt(async () => {
      const report = await runCollector(options, progress);
      console.log(options.output === 'json' ? JSON.stringify(report) : `\n${renderCollector(report)}`);
    });
  }
  if (options.benchmark === 'controller') {
    return attempt(async () => {
      const report = await runController(options, progress);
      console.log(options.output === 'json' ? JSON.stringify(report) : `\n${renderController(report)}`);
    });
  }
  return attempt(async () => {
    const report = await runFrontend(options, progress);
    console.log(options.output === 'json' ? JSON.stringify(report) : `\n${renderFrontend(report)}`);
  });
}

/** Says why something could not be measured, and goes on. */
async function attempt(measure: () => Promise<void>): Promise<boolean> {
  try {
    await measure();
    return true;
  } catch (error) {
    if (!(error instanceof BenchFailure)) throw error;
    console.error(`bench: ${error.message}`);
    return false;
  }
}

/** Each table is printed as soon as it is there; JSON is one list at the end, or the report alone of a single benchmark. */
async function runDataPlane(options: DataPlaneOptions): Promise<boolean> {
  const envoy = ensureEnvoy();
  const { profile } = options;
  const reports: Report[] = [];
  let complete = true;
  for (const name of options.names) {
    const scenario = scenarioOf(name);
    const measured = await attempt(async () => {
      if (profile !== undefined) {
        console.log(`\n${await profileScenario(scenario, { ...options, profile }, envoy, progress)}`);
        return;
      }
      const report = await runScenario(scenario, options, envoy, progress);
      reports.push(report);
      if (options.output === 'table') console.log(`\n${renderReport(report, scenario)}`);
    });
    complete &&= measured;
  }
  if (options.output === 'json') console.log(JSON.stringify(options.names.length === 1 ? reports[0] : reports));
  return complete;
}

process.exitCode = await main();
