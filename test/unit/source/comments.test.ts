import { describe, expect, test } from 'vitest';
import { diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import type { Finding } from '../../../src/diagnostics/located.ts';
import { suppress } from '../../../src/diagnostics/suppress.ts';
import { suppressionComments } from '../../../src/source/comments.ts';
import { parseSource } from '../../../src/source/parse.ts';

const file = 'a.yaml';
const comments = (text: string) => suppressionComments(parseSource(file, text));
const at = (line: number): Finding => ({
  diagnostic: diagnostic('SMI4509', { message: `line ${line}` }),
  location: { file, line, column: 1 },
  related: [],
});
/** What is left of findings on some lines, and the codes of what is said of the comments. */
const left = (text: string, ...lines: number[]) => {
  const { findings, suppressed, diagnostics } = suppress(lines.map(at), comments(text));
  return {
    left: findings.map(({ location }) => location?.line),
    reasons: suppressed.map(({ reason }) => reason),
    codes: diagnostics.map(({ code }) => code),
  };
};

describe('a comment that suppresses', () => {
  test('speaks of its own line behind a value, and of the next one that is no comment on a line of its own', () => {
    expect(left('a: 1 # smi-mesh: ignore SMI4509 -- known', 1, 2)).toEqual({
      left: [2],
      reasons: ['known'],
      codes: [],
    });
    const above = '  # smi-mesh: ignore SMI4509 -- a rollout -- until Monday\n# more\na: 1\n';
    expect(left(above, 1, 2, 3)).toEqual({ left: [1, 2], reasons: ['a rollout -- until Monday'], codes: [] });
  });

  test('may name several codes', () => {
    expect(left('a: 1 # smi-mesh: ignore SMI4001, SMI4509 -- known', 1)).toEqual({
      left: [],
      reasons: ['known'],
      codes: ['SMI4592'],
    });
  });

  test.each([
    ['no reason', '# smi-mesh: ignore SMI4509', 'SMI4590'],
    ['an empty reason', '# smi-mesh: ignore SMI4509 -- ', 'SMI4590'],
    ['no code', '# smi-mesh: ignore -- known', 'SMI4591'],
    ['a code that does not exist', '# smi-mesh: ignore SMI9999 -- known', 'SMI4591'],
    ['a property of every object for a code', '# smi-mesh: ignore constructor -- known', 'SMI4591'],
    ['nothing to suppress', '# smi-mesh: ignore SMI4508 -- known', 'SMI4592'],
  ])('with %s is a finding itself, and suppresses nothing', (_what, comment, code) => {
    expect(left(`a: 1 ${comment}`, 1)).toEqual({ left: [1], reasons: [], codes: [code] });
  });

  test.each([
    ['a quoted text', `a: 'x # smi-mesh: ignore SMI4509 -- y'`],
    ['a block of text', 'a: |\n  # smi-mesh: ignore SMI4509 -- y\nb: 1'],
    ['a plain text', 'a: x#smi-mesh: ignore SMI4509 -- y'],
  ])('is none inside %s', (_what, text) => {
    expect(comments(text)).toEqual([]);
  });

  test('is found after texts that look like one', () => {
    const text = `a: 'x # smi-mesh: ignore SMI4509 -- no'\nb: 1 # smi-mesh: ignore SMI4509 -- yes`;
    expect(comments(text).map(({ lines }) => lines)).toEqual([[2]]);
  });
});
