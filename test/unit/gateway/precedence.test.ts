import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../../support/property-seed.ts';
import { checkModel } from '../../../src/model/check.ts';
import { decided, ratios } from '../../support/gateway/decided.ts';
import { interpret } from '../../support/gateway/interpreter.ts';
import { routedShop } from '../../support/gateway/mesh.ts';
import { manifestsOf, requests, routes } from '../../support/gateway/random-routes.ts';

describe('the precedence of matches', () => {
  it('is what the documentation of the API says, for any routes and requests', () => {
    fc.assert(
      fc.property(routes, (written) => {
        const { model } = routedShop(manifestsOf(written));
        expect(checkModel(model)).toEqual([]);
        for (const request of requests) {
          expect(ratios(decided(model, request)), JSON.stringify(request)).toEqual(ratios(interpret(written, request)));
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});
