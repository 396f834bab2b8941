import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../src/lib/result.ts';

export interface BenchOptions {
  readonly scenario: 'http1';
  readonly output: 'table' | 'json';
  /** Length of one measurement. */
  readonly seconds: number;
  /** Measurements of each subject; the subjects take turns. */
  readonly rounds: number;
  /** Connections that the load generator keeps open. */
  readonly connections: number;
}

export const usage = 'usage: npm run bench -- http1 [-o json] [--seconds N] [--rounds N] [--connections N]';

/** Reads the command line; the error says what is wrong with it. */
export function parseOptions(args: readonly string[]): Result<BenchOptions, string> {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        output: { type: 'string', short: 'o', default: 'table' },
        seconds: { type: 'string', default: '5' },
        rounds: { type: 'string', default: '3' },
        connections: { type: 'string', default: '64' },
      },
    });
    if (positionals.length !== 1 || positionals[0] !== 'http1') return err('name one benchmark: http1');
    if (values.output !== 'table' && values.output !== 'json')
      return err(`-o takes table or json, not ${values.output}`);
    return ok({
      scenario: 'http1',
      output: values.output,
      seconds: wholeNumber('--seconds', values.seconds),
      rounds: wholeNumber('--rounds', values.rounds),
      connections: wholeNumber('--connections', values.connections),
    });
  } catch (error) {
    return err((error as Error).message);
  }
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} takes a whole number from 1 on, not ${text}`);
  return value;
}
