import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CliRun } from '../../support/run-cli.ts';

const program = fileURLToPath(new URL('../../../bin/smi-cli', import.meta.url));

/** Runs smi-cli as users do: the build where it is newer than the sources, which starts faster. */
export function runBuiltCli(argv: readonly string[]): Promise<CliRun> {
  return new Promise((resolve) => {
    const child = execFile(program, [...argv], { timeout: 120_000, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, stdout, stderr });
    });
    child.stdin?.on('error', () => undefined).end();
  });
}
