import { describe, expect, it } from 'vitest';
import { compileRe2, programLimit } from '../../src/lib/re2.ts';
import { Random } from '../fuzz/random.ts';
import { compareRegexes } from '../fuzz/regex/compare.ts';
import { startEnvoyRegex } from '../fuzz/regex/envoy-regex.ts';
import { envoyBinary } from '../support/envoy.ts';

/** Printed with every run; `REGEX_SEED` tries another one, and `npm run fuzz -- regex` many. */
const seed = Number(process.env.REGEX_SEED ?? 20_240_607);
const { path: binary, reason } = envoyBinary();

describe.skipIf(binary === undefined)(
  `expressions in Envoy and in our own code${reason === undefined ? '' : `: ${reason}`}`,
  () => {
    it(`agree on generated expressions, paths and header values (seed ${seed})`, async () => {
      console.log(`expressions: seed ${seed}`);
      const round = await compareRegexes(binary ?? '', new Random(seed), { patterns: 600, texts: 4 });
      expect(round.disagreements).toEqual([]);
      expect(round.usable).toBeGreaterThan(400);
      expect(round.usable).toBeLessThan(round.patterns);
      expect(round.matching).toBeGreaterThan(round.texts / 10);
      expect(round.matching).toBeLessThan(round.texts);
    }, 120_000);

    it('agree that what we accept is within our limit, as Envoy counts the instructions', async () => {
      const accepted = longPatterns.filter((pattern) => compileRe2(pattern).ok);
      expect(accepted.length).toBeGreaterThan(50);
      expect(accepted.length).toBeLessThan(longPatterns.length - 50);
      const envoy = await startEnvoyRegex(binary ?? '', accepted, [], programLimit);
      await envoy.stop();
      expect(envoy.refusals).toEqual(new Map());
    }, 120_000);
  },
);

/** From far below the limit to far above it. */
const longPatterns = ['a', '[a-z]', '[^/]', '.', 'é', '\\pL', '\\w', '(?i:k)', '(?:ab|c)?', '[a-z0-9_.-]'].flatMap(
  (atom) =>
    [1, 10, 30, 100, 200, 300, 500, 1000].flatMap((count) =>
      [1, 2, 4].map((times) => `(?:${atom}){${count}}`.repeat(times)),
    ),
);
