import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { err, ok, type Result } from '../../src/lib/result.ts';
import { type Plant, plants } from './documents/protocol.ts';

export type FuzzOptions =
  | {
      readonly what: 'documents';
      readonly seed: number;
      readonly count: number;
      readonly jobs: number;
      /** One case alone. */
      readonly only?: number;
      readonly plant?: Plant;
    }
  | { readonly what: 'regex'; readonly seed: number; readonly count: number };

export const usage = `usage: npm run fuzz -- documents [--count N] [--seed S] [--jobs N] [--only CASE] [--plant ${plants.join('|')}]
       npm run fuzz -- regex [--count N] [--seed S]`;

/** Reads the command line; without a seed a fresh one is taken. */
export function parseOptions([what, ...args]: readonly string[]): Result<FuzzOptions, string> {
  try {
    if (what === 'documents') return ok(documentsOptions(args));
    if (what !== 'regex') return err('name what to fuzz: documents or regex');
    const text = { type: 'string' } as const;
    const { values } = parseArgs({ args: [...args], options: { seed: text, count: text } });
    return ok({ what, seed: seedOf(values.seed), count: wholeNumber('--count', values.count ?? '20000') });
  } catch (error) {
    return err((error as Error).message);
  }
}

function documentsOptions(args: readonly string[]): FuzzOptions {
  const text = { type: 'string' } as const;
  const options = { seed: text, count: text, jobs: text, only: text, plant: text };
  const { values } = parseArgs({ args: [...args], options });
  const plant = plants.find((name) => name === values.plant);
  if (values.plant !== undefined && plant === undefined) throw new Error(`--plant takes ${plants.join(', ')}`);
  return {
    what: 'documents',
    seed: seedOf(values.seed),
    count: wholeNumber('--count', values.count ?? '100000'),
    jobs: wholeNumber('--jobs', values.jobs ?? String(availableParallelism())),
    ...(values.only === undefined ? {} : { only: wholeNumber('--only', values.only) }),
    ...(plant && { plant }),
  };
}

function seedOf(text: string | undefined): number {
  return text === undefined ? Math.floor(Math.random() * 2 ** 31) : wholeNumber('--seed', text);
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} takes a whole number, not ${text}`);
  return value;
}
