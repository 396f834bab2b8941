import type { Running } from '../processes.ts';
import { usageOf } from '../processor-time.ts';

/** One subject, running. */
export interface Contender {
  readonly name: string;
  /** Where the load goes. */
  readonly port: number;
  /** None for `direct`. */
  readonly processes: readonly Running[];
}

/** CPU time and memory of all processes of a subject. */
export function usage({ processes }: Contender): { readonly cpuMicros: number; readonly rssBytes: number } {
  const each = processes.map(({ pid }) => usageOf(pid));
  const sum = (of: (one: (typeof each)[number]) => number): number => each.reduce((total, one) => total + of(one), 0);
  return { cpuMicros: sum(({ cpuMicros }) => cpuMicros), rssBytes: sum(({ rssBytes }) => rssBytes) };
}

/** What something costs the subject, in microseconds of CPU time. */
export async function costOf<T>(contender: Contender, work: () => Promise<T>): Promise<readonly [T, number]> {
  const before = usage(contender).cpuMicros;
  const result = await work();
  return [result, usage(contender).cpuMicros - before];
}
