import { ensureEnvoy } from '../scripts/envoy.mjs';
import { BenchFailure } from './failure.ts';
import { renderFrontend } from './frontend/report.ts';
import { runFrontend } from './frontend/run.ts';
import { runHttp1 } from './http1.ts';
import { type BenchOptions, parseOptions, usage } from './options.ts';
import { renderTable } from './report.ts';

/** Progress goes to standard error and the result alone to standard output. Exit code 0, 1 (failed), 2 (wrong use). */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (!options.ok) {
    console.error(`bench: ${options.error}\n${usage}`);
    return 2;
  }
  try {
    const { report, table } = await run(options.value);
    console.log(options.value.output === 'json' ? JSON.stringify(report) : `\n${table}`);
    return 0;
  } catch (error) {
    if (!(error instanceof BenchFailure)) throw error;
    console.error(`bench: ${error.message}`);
    return 1;
  }
}

async function run(options: BenchOptions): Promise<{ readonly report: unknown; readonly table: string }> {
  const progress = (line: string): void => console.error(line);
  if (options.scenario === 'frontend') {
    const report = await runFrontend(options, progress);
    return { report, table: renderFrontend(report) };
  }
  const report = await runHttp1(options, ensureEnvoy(), progress);
  return { report, table: renderTable(report) };
}

process.exitCode = await main();
