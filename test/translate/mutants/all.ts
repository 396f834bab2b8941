import { globSync, readFileSync } from 'node:fs';
import type { NumberedMutation } from '../../mutants/instrument.ts';
import { mutationsOf } from '../../mutants/sites.ts';

export interface EmitterMutant extends NumberedMutation {
  readonly file: string;
}

/** Every small fault in what an adapter emits with; the numbers are the same in every process that reads the same sources. */
export function emitterMutants(adapter: string): readonly EmitterMutant[] {
  const found: EmitterMutant[] = [];
  for (const file of globSync(`adapters/${adapter}/{index.ts,emit/**/*.ts}`).toSorted()) {
    const first = found.length;
    const mutations = mutationsOf(file, readFileSync(file, 'utf8'));
    found.push(...mutations.map((each, index) => ({ ...each, id: first + index, file })));
  }
  return found;
}
