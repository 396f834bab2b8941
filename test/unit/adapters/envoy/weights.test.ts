import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitWeights } from '../../../../adapters/envoy/emit/weights.ts';

const limit = 2 ** 32 - 1;

describe('weights for Envoy', () => {
  it('stay as they are while their sum fits', () => {
    expect(fitWeights([90, 10, 0])).toEqual([90, 10, 0]);
    expect(fitWeights([limit, 0])).toEqual([limit, 0]);
  });

  it('keep their ratio exactly when a common divisor allows it', () => {
    expect(fitWeights([6_000_000_000, 2_000_000_000])).toEqual([3, 1]);
  });

  it('always fit, keep zero at zero and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: Number.MAX_SAFE_INTEGER }), { minLength: 1, maxLength: 8 }), (weights) => {
        const fitted = fitWeights(weights);
        expect(fitted.reduce((total, weight) => total + weight, 0)).toBeLessThanOrEqual(limit);
        expect(fitted.map((weight) => weight > 0)).toEqual(weights.map((weight) => weight > 0));
        expect(fitted.every(Number.isInteger)).toBe(true);
      }),
    );
  });
});
