import type { Random } from '../random.ts';
import { generateExtreme } from './extremes.ts';
import { generateDocument } from './grammar.ts';
import { mutateBytes, mutateText } from './mutate-text.ts';
import { mutateValue } from './mutate-value.ts';
import { writeYaml } from './write-yaml.ts';

/** One generated file. */
export interface FuzzCase {
  readonly bytes: Uint8Array;
  /** Documents that were generated for it; mutations may have made others of them, or none. */
  readonly documents: number;
}

const mostDocuments = 12;
const extremeShare = 0.002;

/** A file of a few documents, of which most follow the grammar and the others are changed in one or more places. */
export function generateCase(random: Random): FuzzCase {
  if (random.chance(extremeShare)) return { bytes: Buffer.from(generateExtreme(random)), documents: 1 };
  const texts = random.times(1, mostDocuments, () => documentText(random));
  let text = texts.join(random.pick(['---\n', '---\n', '---\n', '--- # next\n', '...\n---\n']));
  if (random.chance(0.2)) text = repeatedly(random, () => (text = mutateText(text, random))) ?? text;
  const bytes = Buffer.from(text);
  return { bytes: random.chance(0.02) ? mutateBytes(bytes, random) : bytes, documents: texts.length };
}

function documentText(random: Random): string {
  let value = generateDocument(random);
  if (random.chance(0.25)) repeatedly(random, () => (value = mutateValue(value, random)));
  const text = writeYaml(value, random);
  return random.chance(0.05) ? mutateText(text, random) : text;
}

function repeatedly<T>(random: Random, change: () => T): T | undefined {
  let last: T | undefined;
  for (let count = random.between(1, 3); count > 0; count -= 1) last = change();
  return last;
}
