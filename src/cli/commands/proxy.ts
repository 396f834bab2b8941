import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { exitCodes } from '../exit-codes.ts';

interface ProxyOptions {
  readonly bootstrap?: string;
  readonly bootstrapFd?: number;
}

export function proxyCommand(): Command {
  return new Command('proxy')
    .description('run the sidecar proxy of one workload until SIGTERM, which drains it')
    .option('--bootstrap <file>', 'read the bootstrap (JSON) from a file')
    .option('--bootstrap-fd <number>', 'read the bootstrap from an inherited file descriptor', descriptor)
    .action(async (options: ProxyOptions, command: Command) => {
      const source = options.bootstrapFd ?? options.bootstrap;
      if (source === undefined || (options.bootstrap !== undefined && options.bootstrapFd !== undefined)) {
        command.error('error: give either --bootstrap or --bootstrap-fd', { exitCode: exitCodes.usage });
      }
      process.exitCode = await run(source);
    });
}

function descriptor(text: string): number {
  if (!/^[0-9]{1,4}$/.test(text)) throw new InvalidArgumentError('not a file descriptor');
  return Number(text);
}

/** Runs until told to stop; the exit code. */
async function run(source: string | number): Promise<number> {
  const { parseBootstrap, readSecretFiles, startProxy } = await import('../../proxy/index.ts');
  let text: string;
  try {
    text = readFileSync(source, 'utf8');
  } catch (error) {
    return fail(`the bootstrap cannot be read: ${(error as Error).message}`, exitCodes.unreachable);
  }
  const parsed = parseBootstrap(text);
  if (!parsed.ok) return fail(parsed.error, exitCodes.usage);
  const bootstrap = readSecretFiles(parsed.value, typeof source === 'string' ? dirname(source) : process.cwd());
  if (!bootstrap.ok) return fail(bootstrap.error, exitCodes.unreachable);
  try {
    const proxy = await startProxy(bootstrap.value);
    await stopSignal();
    await proxy.drain();
    return exitCodes.fine;
  } catch (error) {
    return fail((error as Error).message, exitCodes.unreachable);
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}

function fail(reason: string, code: number): number {
  process.stderr.write(`smi-cli proxy: ${reason}\n`);
  return code;
}
