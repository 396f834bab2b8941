import { compileRe2, octets, programLimit } from '../../../src/lib/re2.ts';
import type { Random } from '../random.ts';
import { type Question, startEnvoyRegex } from './envoy-regex.ts';
import { type GeneratedPattern, generatePattern, generateText } from './pattern.ts';

export interface RegexRound {
  readonly patterns: number;
  /** Patterns that both accept. */
  readonly usable: number;
  readonly texts: number;
  readonly matching: number;
  /** Sentences; none when Envoy and our code agree in everything. */
  readonly disagreements: readonly string[];
}

/**
 * What only we refuse, so that it never reaches Envoy: programs that the estimate from above puts over the limit, a group
 * name used twice, and `\\C`, half a character.
 */
const stricter = /limit of \d+$|duplicate capture group name|invalid escape sequence: `\\C`/;

export interface RoundOptions {
  readonly patterns: number;
  /** Texts for each pattern and place. */
  readonly texts: number;
}

/** Takes generated expressions and texts to a real Envoy and to our own code. */
export async function compareRegexes(
  binary: string,
  random: Random,
  { patterns: count, texts }: RoundOptions,
): Promise<RegexRound> {
  const patterns = Array.from({ length: count }, () => generatePattern(random)).filter(({ text }) => text !== '');
  const ours = patterns.map(({ text }) => compileRe2(text));
  const usable = ours.flatMap((compiled, index) => (compiled.ok ? [index] : []));
  const sources = patterns.map(({ text }) => text);
  const envoy = await startEnvoyRegex(binary, sources, usable, programLimit);
  try {
    const refusals = ours.flatMap((compiled, index) => {
      const why = envoy.refusals.get(index);
      if (compiled.ok === (why === undefined)) return [];
      if (!compiled.ok && stricter.test(compiled.error)) return [];
      return [`${show(sources[index])}: ours ${compiled.ok ? 'accepts' : compiled.error}, Envoy ${why ?? 'accepts'}`];
    });
    const shape = { patterns: patterns.length, usable: usable.length };
    if (refusals.length > 0) return { ...shape, texts: 0, matching: 0, disagreements: refusals };
    const questions = usable.flatMap((index) => questionsFor(index, patterns[index], random, texts));
    const answers = await envoy.ask(questions);
    const disagreements = questions.flatMap(({ pattern, place, text }, index) => {
      const compiled = ours[pattern];
      const own = compiled?.ok === true && compiled.value.matchesWhole(octets(text));
      if (own === answers[index]) return [];
      return [`${show(sources[pattern])} on the ${place} ${show(text)}: ours ${own}, Envoy ${answers[index]}`];
    });
    return { ...shape, texts: questions.length, matching: answers.filter(Boolean).length, disagreements };
  } finally {
    await envoy.stop();
  }
}

function questionsFor(
  index: number,
  pattern: GeneratedPattern | undefined,
  random: Random,
  texts: number,
): readonly Question[] {
  if (pattern === undefined) return [];
  const drawn = Array.from({ length: texts }, () => generateText(pattern, random));
  return drawn.flatMap((text): readonly Question[] => [
    { pattern: index, place: 'path', text: asPath(text) },
    { pattern: index, place: 'header', text: asHeaderValue(text) },
  ]);
}

/** Only what a request line can carry: printable ASCII without what ends a path. */
function asPath(text: string): string {
  const path = text.replace(/[^!-~]|[?#]/g, '');
  return path.startsWith('/') ? path : `/${path}`;
}

/** Without controls and without the white space around it that does not belong to a value. */
function asHeaderValue(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must go
  return text.replace(/[\0-\x08\x0a-\x1f\x7f]/g, '').replace(/^[ \t]+|[ \t]+$/g, '');
}

function show(text: string | undefined): string {
  return JSON.stringify(text);
}
