import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../src/lib/result.ts';

export interface Http1Options {
  readonly scenario: 'http1';
  readonly output: 'table' | 'json';
  /** Length of one measurement. */
  readonly seconds: number;
  /** Measurements of each subject; the subjects take turns. */
  readonly rounds: number;
  /** Connections that the load generator keeps open. */
  readonly connections: number;
}

export interface FrontendOptions {
  readonly scenario: 'frontend';
  readonly output: 'table' | 'json';
  /** Documents in all, and Services among them. */
  readonly manifests: number;
  readonly services: number;
  /** Runs of each command. */
  readonly rounds: number;
}

export type BenchOptions = Http1Options | FrontendOptions;

export const usage = `usage: npm run bench -- http1 [-o json] [--seconds N] [--rounds N] [--connections N]
       npm run bench -- frontend [-o json] [--manifests N] [--services N] [--rounds N]`;

const common = {
  output: { type: 'string', short: 'o', default: 'table' },
  rounds: { type: 'string', default: '3' },
} as const;

/** Reads the command line; the error says what is wrong with it. */
export function parseOptions([scenario, ...args]: readonly string[]): Result<BenchOptions, string> {
  try {
    if (scenario === 'http1') return ok(http1Options(args));
    if (scenario === 'frontend') return ok(frontendOptions(args));
    return err('name one benchmark: http1 or frontend');
  } catch (error) {
    return err((error as Error).message);
  }
}

function http1Options(args: readonly string[]): Http1Options {
  const number = { type: 'string' } as const;
  const options = { ...common, seconds: { ...number, default: '5' }, connections: { ...number, default: '64' } };
  const { values } = parseArgs({ args: [...args], options });
  return {
    scenario: 'http1',
    output: outputOf(values.output),
    seconds: wholeNumber('--seconds', values.seconds),
    rounds: wholeNumber('--rounds', values.rounds),
    connections: wholeNumber('--connections', values.connections),
  };
}

function frontendOptions(args: readonly string[]): FrontendOptions {
  const number = { type: 'string' } as const;
  const options = { ...common, manifests: { ...number, default: '10000' }, services: { ...number, default: '1000' } };
  const { values } = parseArgs({ args: [...args], options });
  return {
    scenario: 'frontend',
    output: outputOf(values.output),
    manifests: wholeNumber('--manifests', values.manifests),
    services: wholeNumber('--services', values.services),
    rounds: wholeNumber('--rounds', values.rounds),
  };
}

function outputOf(text: string): 'table' | 'json' {
  if (text === 'table' || text === 'json') return text;
  throw new Error(`-o takes table or json, not ${text}`);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} takes a whole number from 1 on, not ${text}`);
  return value;
}
