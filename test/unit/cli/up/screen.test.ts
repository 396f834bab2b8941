import { describe, expect, test } from 'vitest';
import { Screen } from '../../../../src/cli/up/screen.ts';

function written(isTTY: boolean, use: (screen: Screen) => void): string {
  let text = '';
  use(new Screen({ isTTY, columns: 10, rows: 5, write: (part: string) => (text += part) }));
  return text;
}

describe('a screen', () => {
  test('keeps the block below the lines: erased, then drawn again', () => {
    const text = written(true, (screen) => {
      screen.setBlock(['a', 'b']);
      screen.append(['line']);
    });
    expect(text).toBe('a\nb\n\u001b[2F\u001b[Jline\na\nb\n');
  });

  test('cuts what would wrap, without counting colours', () => {
    expect(written(true, (screen) => screen.setBlock(['\u001b[1m0123456789ab\u001b[22m']))).toBe(
      '\u001b[1m0123456789\u001b[22m\n',
    );
  });

  test('never draws more lines than can be erased again', () => {
    expect(written(true, (screen) => screen.setBlock(['1', '2', '3', '4', '5', '6']))).toBe('1\n2\n3\n4\n');
  });

  test('writes plain lines and no block where there is no terminal', () => {
    const text = written(false, (screen) => {
      screen.setBlock(['table']);
      screen.append(['line']);
      screen.clearBlock();
    });
    expect(text).toBe('line\n');
  });
});
