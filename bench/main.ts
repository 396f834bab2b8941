import { ensureEnvoy } from '../scripts/envoy.mjs';
import { BenchFailure } from './failure.ts';
import { runHttp1 } from './http1.ts';
import { parseOptions, usage } from './options.ts';
import { renderTable } from './report.ts';

/** Progress goes to standard error and the result alone to standard output. Exit code 0, 1 (failed), 2 (wrong use). */
async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (!options.ok) {
    console.error(`bench: ${options.error}\n${usage}`);
    return 2;
  }
  try {
    const report = await runHttp1(options.value, ensureEnvoy(), (line) => console.error(line));
    console.log(options.value.output === 'json' ? JSON.stringify(report) : `\n${renderTable(report)}`);
    return 0;
  } catch (error) {
    if (!(error instanceof BenchFailure)) throw error;
    console.error(`bench: ${error.message}`);
    return 1;
  }
}

process.exitCode = await main();
