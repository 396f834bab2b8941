import { type Percentiles, percentilesOf } from '../percentiles.ts';
import type { OpenLoopOptions, OpenLoopResult } from '../programs/open-loop.ts';
import { type LoadPlace, runProgram } from './program.ts';

/** Requests a second of every measurement at a fixed rate. */
export const fixedRate = 1000;

/**
 * Latencies at a fixed rate, whether answers come or not (open loop). Each counts from the moment at which its request was
 * due, so that waiting for a slow answer hides nothing (no coordinated omission).
 */
export async function runOpenLoop(place: LoadPlace, options: Omit<OpenLoopOptions, 'rate'>): Promise<Percentiles> {
  const { micros, failures } = await runProgram<OpenLoopOptions, OpenLoopResult>(place, 'open-loop.ts', {
    ...options,
    rate: fixedRate,
  });
  if (failures > 0) console.error(`at ${fixedRate}/s ${failures} requests failed, of ${micros.length} that count`);
  return percentilesOf(micros);
}
