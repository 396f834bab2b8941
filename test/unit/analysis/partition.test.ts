import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { authorities, headerValues, normalPaths } from '../../../src/analysis/domains.ts';
import { defaultPartitionLimits, partition } from '../../../src/analysis/partition.ts';
import { normalizePath } from '../../../src/lib/http-path.ts';
import { compileRe2, octets } from '../../../src/lib/re2.ts';
import { Random } from '../../fuzz/random.ts';
import { generatePattern, generateText } from '../../fuzz/regex/pattern.ts';

function matches(expression: string, text: string): boolean {
  const compiled = compileRe2(expression);
  return compiled.ok && compiled.value.matchesWhole(octets(text));
}

const vectors = (expressions: readonly string[], text: string) => expressions.map((one) => matches(one, text));

describe('a partition', () => {
  test('has a witness for every combination that exists, and no other', () => {
    const { cells, exhaustive } = partition(normalPaths, ['(?:/books)(?s:.*)', '/b.*', '/books']);
    expect(exhaustive).toBe(true);
    expect(cells.map(({ witness, matches: held }) => [witness, ...held])).toEqual([
      ['/', false, false, false],
      ['/b', false, true, false],
      ['/books', true, true, true],
      ['/booksa', true, true, false],
    ]);
  });

  test('finds texts that differ only where a person would not look', () => {
    const { cells } = partition(headerValues, ['[a-z]{3}', '[a-y]{3}|..z|.z.|z..']);
    expect(cells.every(({ matches: [one, other] }) => one !== true || other === true)).toBe(true);
    const narrower = partition(headerValues, ['[a-z]{3}', '[a-y]{3}|..z|.z.']);
    expect(narrower.cells.find(({ matches: [one, other] }) => one === true && other === false)?.witness).toBe('zaa');
  });

  test('has for every text a cell that expressions treat like it', () => {
    const property = fc.property(fc.nat(), (seed) => {
      const random = new Random(seed);
      const patterns = [generatePattern(random, 0), generatePattern(random, 0), generatePattern(random, 0)];
      const expressions = patterns.map(({ text }) => text);
      const { cells, exhaustive } = partition(headerValues, expressions);
      for (const { witness, matches: held } of cells) {
        expect([expressions, witness, ...vectors(expressions, witness)]).toEqual([expressions, witness, ...held]);
        expect(matches(headerValues, witness)).toBe(true);
      }
      if (!exhaustive) return;
      for (let count = 0; count < 20; count++) {
        const text = generateText(patterns[count % 3]!, random);
        if (!matches(headerValues, text)) continue;
        const found = cells.some((cell) => String(cell.matches) === String(vectors(expressions, text)));
        expect([expressions, text, found]).toEqual([expressions, text, true]);
      }
    });
    fc.assert(property, { numRuns: 300 });
  }, 120_000);

  test('says that it is not exhaustive when a limit ends it, and still has a witness of each expression', () => {
    const expressions = Array.from({ length: 12 }, (_, index) => `.*word${index}x.*`);
    const limits = { ...defaultPartitionLimits, states: 100 };
    const { cells, exhaustive } = partition(headerValues, expressions, limits);
    expect(exhaustive).toBe(false);
    for (const [index, expression] of expressions.entries()) {
      const own = cells.find(({ matches: held }) => held[index] === true);
      expect(matches(expression, own?.witness ?? '')).toBe(true);
    }
  });

  test('of a hundred routes with bounded repetition is exhaustive', () => {
    const routes = Array.from({ length: 100 }, (_, index) => `(?:/api/v1/r${index}/[a-z0-9-]{1,64}/items)(?s:.*)`);
    const { cells, exhaustive } = partition(normalPaths, routes);
    expect([cells.length, exhaustive]).toEqual([101, true]);
  }, 60_000);
});

describe('the domain of paths', () => {
  const octet = fc.constantFrom(...'/./..;%%2e4AfF25c7abZ~-_!$&\'()*+,=:@[]"<>^`{|}\\');
  const targets = fc.oneof(
    fc.array(octet, { maxLength: 12 }).map((octets) => `/${octets.join('')}`),
    fc
      .array(fc.constantFrom('%', '2', 'F', 'e', '0', '/', 'c', '3', 'a'), { maxLength: 9 })
      .map((all) => `/${all.join('')}`),
  );

  test('has every normal path', () => {
    let seen = 0;
    const property = fc.property(targets, (target) => {
      const normal = normalizePath(target);
      if (!normal.ok) return;
      seen += 1;
      expect([target, matches(normalPaths, normal.value.path)]).toEqual([target, true]);
    });
    fc.assert(property, { numRuns: 20_000 });
    expect(seen).toBeGreaterThan(1_000);
  });

  test('has no path that would change, or be refused', () => {
    let seen = 0;
    const property = fc.property(targets, (target) => {
      if (!matches(normalPaths, target)) return;
      seen += 1;
      const normal = normalizePath(target);
      expect(normal).toEqual({ ok: true, value: { path: target, query: '' } });
    });
    fc.assert(property, { numRuns: 20_000 });
    expect(seen).toBeGreaterThan(1_000);
  });
});

test('the domain of authorities has each name in any case, with each port or none', () => {
  const domain = authorities(['web', 'web.default', '::1'], [80, 8080]);
  expect(['web', 'WEB:80', 'Web.Default:8080', '[::1]', '[::1]:80'].every((text) => matches(domain, text))).toBe(true);
  expect(['web:81', 'webxdefault', 'we', '::1', ''].some((text) => matches(domain, text))).toBe(false);
});
