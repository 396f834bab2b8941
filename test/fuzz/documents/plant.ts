import type { Plant } from './protocol.ts';

/** What sets a planted fault off: about one generated file in a thousand has it. */
const trigger = /pathRegex: (?:""|'')[\s\S]*kind: ["']?UDPRoute/;

const leaked: number[][] = [];
const leakedNumbers = 1_000_000;

/** Does what a bug would, where the text has something unusual. */
export function springPlant(plant: Plant | undefined, bytes: Uint8Array): void {
  if (plant === undefined) return;
  if (plant === 'leak') {
    leaked.push(new Array<number>(leakedNumbers).fill(0.5));
    return;
  }
  if (!trigger.test(Buffer.from(bytes).toString('utf8'))) return;
  if (plant === 'crash') throw new TypeError('a planted fault');
  for (;;);
}
