import type { Random } from '../random.ts';

/** An expression in RE2 syntax and texts that it is likely, but not sure, to match. */
export interface GeneratedPattern {
  readonly text: string;
  sample(random: Random): string;
}

const literals = ['/', '/', 'a', 'b', 'c', 'A', '1', '2', '-', '_', '/books', '/v1', 'api', 'é', 'ß', '💥', ' ', ','];
const escapes: readonly (readonly [string, string])[] = [
  ['\\.', '.'],
  ['\\-', '-'],
  ['\\/', '/'],
  ['\\*', '*'],
  ['\\x41', 'A'],
  ['\\x{e9}', 'é'],
  ['\\101', 'A'],
  ['\\Qa.b\\E', 'a.b'],
  ['\\t', '\t'],
  ['\\(', '('],
];
const classes: readonly (readonly [string, readonly string[]])[] = [
  ['[a-c]', ['a', 'b', 'c', 'd']],
  ['[^/]', ['a', '/', 'é', '1']],
  ['[^/a-z]', ['A', '1', '/', 'b']],
  ['[0-9]', ['1', '2', 'x']],
  ['[a-z0-9_.-]', ['a', '1', '-', '.', 'A']],
  ['[/a]', ['/', 'a', 'b']],
  ['[]a]', [']', 'a']],
  ['[^]a]', [']', 'b']],
  ['[[:alpha:]]', ['a', 'Z', '1']],
  ['[[:^digit:]]', ['a', '1']],
  ['[\\d-]', ['1', '-', 'a']],
  ['[é-ü]', ['é', 'ö', 'e']],
  ['[^é]', ['é', 'e', '💥']],
  ['\\d', ['1', 'a', '٣']],
  ['\\D', ['1', 'a']],
  ['\\w', ['a', '_', '-', 'é']],
  ['\\W', ['a', '/', 'é']],
  ['\\s', [' ', '\t', 'a']],
  ['\\S', ['a', ' ']],
  ['\\pL', ['a', 'é', '1']],
  ['\\p{Greek}', ['α', 'a']],
  ['\\P{Lu}', ['a', 'A']],
  ['\\p{^Lu}', ['a', 'A']],
  ['.', ['a', '/', 'é', '💥']],
];
const assertions = ['^', '$', '\\A', '\\z', '\\b', '\\B'];
const groups = ['(', '(', '(?:', '(?:', '(?P<n>', '(?i:', '(?s:', '(?-s:', '(?U:', '(?m:', '(?is-m:'];
const repeats: readonly (readonly [string, number, number])[] = [
  ['*', 0, 3],
  ['*', 0, 2],
  ['+', 1, 3],
  ['?', 0, 1],
  ['*?', 0, 2],
  ['+?', 1, 2],
  ['??', 0, 1],
  ['{2}', 2, 2],
  ['{0}', 0, 1],
  ['{1,3}', 1, 4],
  ['{2,}', 1, 3],
  ['{0,2}?', 0, 2],
];
/** Odd pieces that make many an expression unusable. */
const oddities = ['(', ')', '[', ']', '{', '}', '{,2}', '{1001}', '{2,1}', '*', '+', '?', '|', '\\', '^', '$', '(?=a)'];
const moreOddities = [
  '\\1',
  '\\C',
  '\\Z',
  '\\8',
  '\\pX',
  '\\p{Foo}',
  '[z-a]',
  '[[:foo:]]',
  '(?P<1>a)',
  '(?<n>a)',
  '(?x)',
];
const evenMore = [
  '(?P<n>',
  '\\x{110000}',
  '\\x',
  '\\c',
  '\\_',
  '\\é',
  '\\E',
  '\\Q',
  '(?',
  '(?i',
  '(?i)',
  '[a',
  '[^',
  '\\',
  '-',
];
const odd = [...oddities, ...moreOddities, ...evenMore];

/** An expression of some depth; one in `oddShare` carries a piece that may make it unusable. */
export function generatePattern(random: Random, oddShare = 0.15): GeneratedPattern {
  const whole = random.chance(0.5) ? commonShape(random) : alternation(random, 2);
  if (!random.chance(oddShare)) return whole;
  const at = random.below(whole.text.length + 1);
  const cut = random.chance(0.3) ? at + 1 : at;
  return { ...whole, text: (whole.text.slice(0, at) + random.pick(odd) + whole.text.slice(cut)).toWellFormed() };
}

/** What people write: alternatives of literals, with anything behind, with or without anchors. */
function commonShape(random: Random): GeneratedPattern {
  const words = random.times(1, 3, () => random.times(1, 3, () => random.pick(literals)).join(''));
  const tail = random.pick([
    '',
    '.*',
    '(/.*)?',
    '.+',
    '/?',
    '(?s:.*)',
    '$',
    '.*$',
    '/[^/]+',
    '\\b.*',
    '/.*?',
    '(?s:.+)',
  ]);
  const start = random.pick(['', '', '^', '.*', '\\A']);
  const inner = words.length === 1 ? words[0] : random.pick(['(', '(?:']).concat(words.join('|'), ')');
  const all = `${start}${inner}${tail}`;
  return {
    text: random.pick([all, all, `(?:${all})(?s:.*)`, `(${all})`, `(?:${all})`]),
    sample: (draw) =>
      `${draw.chance(0.2) ? 'x' : ''}${draw.pick(words)}${draw.pick(['', '', '/', '/a', 'a', '/a/b', 'é', '-1'])}`,
  };
}

function alternation(random: Random, depth: number): GeneratedPattern {
  const branches = random.times(1, random.chance(0.3) ? 3 : 1, () => sequence(random, depth));
  return {
    text: branches.map(({ text }) => text).join('|'),
    sample: (draw) => draw.pick(branches).sample(draw),
  };
}

function sequence(random: Random, depth: number): GeneratedPattern {
  const items = random.times(0, 4, () => repeated(random, depth));
  return {
    text: items.map(({ text }) => text).join(''),
    sample: (draw) => items.map((item) => item.sample(draw)).join(''),
  };
}

function repeated(random: Random, depth: number): GeneratedPattern {
  const item = atom(random, depth);
  if (!random.chance(0.35)) return item;
  const [suffix, low, high] = random.pick(repeats);
  return { text: item.text + suffix, sample: (draw) => draw.times(low, high, () => item.sample(draw)).join('') };
}

function atom(random: Random, depth: number): GeneratedPattern {
  const kind = random.below(20);
  if (kind < 8) return constant(random.pick(literals));
  if (kind < 10) {
    const [text, value] = random.pick(escapes);
    return { text, sample: () => value };
  }
  if (kind < 14) {
    const [text, members] = random.pick(classes);
    return { text, sample: (draw) => draw.pick(members) };
  }
  if (kind < 15) return { text: random.pick(assertions), sample: () => '' };
  if (depth === 0) return constant(random.pick(literals));
  const inner = alternation(random, depth - 1);
  return { text: `${random.pick(groups)}${inner.text})`, sample: inner.sample };
}

function constant(text: string): GeneratedPattern {
  return { text, sample: () => text };
}

/** A text near what the pattern matches. */
export function generateText(pattern: GeneratedPattern, random: Random): string {
  const text = pattern.sample(random);
  if (!random.chance(0.3)) return text;
  const points = [...text];
  const at = random.below(points.length + 1);
  points.splice(at, random.below(2), ...random.times(0, 1, () => random.pick(literals)));
  return points.join('');
}
