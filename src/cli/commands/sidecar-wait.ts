import { request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { healthPaths, sidecarPorts } from '../../kubernetes/names.ts';
import { exitCodes } from '../exit-codes.ts';
import { duration } from '../option-values.ts';

interface WaitOptions {
  readonly started?: true;
  readonly timeout: number;
}

const askAgainMillis = 200;
/** Longer than the sidecar holds an answer back. */
const answerMillis = 70_000;

export function sidecarWaitCommand(): Command {
  return new Command('sidecar-wait')
    .description('wait until the sidecar of this pod carries traffic; run by the hook of a container')
    .option('--started', 'only until the Envoy of the pod can start')
    .addOption(
      new Option('--timeout <time>', 'give up after this')
        .argParser(duration(1_000, '30s or 2m'))
        .default(120_000, '2m'),
    )
    .addHelpText('after', '\nExit status: 0 it does, 2 wrong use, 3 not in time.')
    .action(async ({ started, timeout }: WaitOptions) => {
      const path = started ? healthPaths.started : healthPaths.wait;
      const end = performance.now() + timeout;
      let last = await ask(path, end);
      while (last !== 200 && performance.now() < end) {
        await pause(askAgainMillis);
        last = await ask(path, end);
      }
      if (last === 200) return;
      process.stderr.write(`smi-cli sidecar-wait: not ready after ${timeout / 1_000} s: ${last}\n`);
      process.exitCode = exitCodes.unreachable;
    });
}

/** The status of the answer, or why there is none. */
function ask(path: string, end: number): Promise<number | string> {
  const millis = Math.max(1, Math.min(answerMillis, end - performance.now()));
  return new Promise((resolve) => {
    const asked = request(
      { host: '127.0.0.1', port: sidecarPorts.health, path, agent: false, signal: AbortSignal.timeout(millis) },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    asked.on('error', (error) => resolve(error.message));
    asked.end();
  });
}
