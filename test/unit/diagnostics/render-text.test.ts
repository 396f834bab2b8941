import { describe, expect, test } from 'vitest';
import { type Diagnostic, diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { countFindings, type Finding, reaches, toFindings } from '../../../src/diagnostics/located.ts';
import { type ObjectKey, objectKey } from '../../../src/diagnostics/origin.ts';
import { reportFindings } from '../../../src/diagnostics/render-json.ts';
import { renderFinding } from '../../../src/diagnostics/render-text.ts';
import { ansiStyle } from '../../../src/lib/text-style.ts';

const split = objectKey('split.smi-spec.io', 'TrafficSplit', 'default', 'shop');
const lost = 'a/B/c/d' as ObjectKey;

function finding(line: number, column: number, endColumn: number, details: Partial<Diagnostic> = {}): Finding {
  const item = {
    ...diagnostic('SMI2004', { message: 'too small', origin: { object: split, path: 'spec.x' } }),
    ...details,
  };
  return { diagnostic: item, location: { file: 'a.yaml', line, column, endColumn }, related: [] };
}

const render = (item: Finding, text: string) => renderFinding(item, { lineOf: () => text });

describe('the frame', () => {
  test('carets stand under the value, also behind tabs', () => {
    expect(render(finding(7, 4, 6), '\tx: -5')).toContain('7 | \tx: -5\n  | \t  ^^');
  });

  test('a place without a known end has one caret', () => {
    const { diagnostic: item } = finding(1, 1, 1);
    const rendered = render({ diagnostic: item, location: { file: 'a', line: 1, column: 3 }, related: [] }, 'abcdef');
    expect(rendered).toContain('|   ^\n');
  });

  test('a very long line is cut around the value', () => {
    const long = `${'a'.repeat(1000)}VALUE${'b'.repeat(1000)}`;
    const lines = render(finding(1, 1001, 1006), long).split('\n');
    const [shown = '', carets = ''] = lines.slice(3);
    expect(shown.length).toBeLessThan(180);
    expect(shown.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('VALUE');
  });

  test('control characters of a manifest never reach the terminal', () => {
    const hostile = finding(1, 1, 4, { message: 'name is \u001b]0;owned\u0007' });
    const rendered = render(hostile, '\u001b[31mred\u202e');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(rendered).not.toMatch(/[\u001b\u0007\u202e]/);
  });

  test('colour marks the severity when it is asked for', () => {
    const coloured = renderFinding(finding(1, 1, 2), { lineOf: () => 'x', style: ansiStyle });
    expect(coloured).toContain('\u001b[31m');
  });

  test('without a place the object is named', () => {
    const { diagnostic: item } = finding(1, 1, 1);
    expect(renderFinding({ diagnostic: item, related: [] }, { lineOf: () => undefined })).toContain(
      '--> TrafficSplit default/shop',
    );
  });
});

describe('findings', () => {
  const at = (path: string, code: 'SMI2003' | 'SMI2008' = 'SMI2003') =>
    diagnostic(code, { message: `${path} is wrong`, origin: { object: split, path } });
  const lines: Readonly<Record<string, number>> = { a: 20, b: 3, c: 3 };
  const locate = ({ object, path }: { object: ObjectKey; path: string }) =>
    object === lost ? undefined : { file: 'a.yaml', line: lines[path] ?? 1, column: path === 'c' ? 2 : 9 };

  test('are sorted by place and said once', () => {
    const sorted = toFindings([at('a'), at('b'), at('c', 'SMI2008'), at('a')], locate);
    expect(sorted.map((item) => item.diagnostic.origin?.path)).toEqual(['c', 'b', 'a']);
    expect(countFindings(sorted)).toEqual({ errors: 2, warnings: 1, infos: 0 });
  });

  test('a threshold counts everything that is at least as grave', () => {
    const warning = { errors: 0, warnings: 1, infos: 0 };
    expect([reaches(warning, 'error'), reaches(warning, 'warning'), reaches(warning, 'info')]).toEqual([
      false,
      true,
      true,
    ]);
    expect(reaches({ errors: 1, warnings: 0, infos: 0 }, 'info')).toBe(true);
    expect(reaches({ errors: 0, warnings: 0, infos: 1 }, 'warning')).toBe(false);
  });

  test('JSON has every field, with null for what is not known', () => {
    const item = { ...at('a'), origin: { object: lost, path: 'a' }, related: [{ object: split, path: 'b' }] };
    expect(reportFindings(toFindings([item], locate), 'fail', { errors: 1, warnings: 0, infos: 0 })).toEqual({
      verdict: 'fail',
      counts: { errors: 1, warnings: 0, infos: 0 },
      diagnostics: [
        {
          code: 'SMI2003',
          severity: 'error',
          message: 'a is wrong',
          hint: 'Give the field a value of the right type.',
          location: null,
          object: 'B c/d',
          path: 'a',
          related: [{ what: 'TrafficSplit default/shop, b', location: { file: 'a.yaml', line: 3, column: 9 } }],
        },
      ],
    });
  });
});
