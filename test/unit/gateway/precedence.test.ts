import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../../support/property-seed.ts';
import { checkModel } from '../../../src/model/check.ts';
import { decide } from '../../../src/model/decide.ts';
import { workloadId } from '../../../src/model/ids.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { type AskedRequest, type Interpreted, interpret } from '../../support/gateway/interpreter.ts';
import { routedShop } from '../../support/gateway/mesh.ts';
import { manifestsOf, requests, routes } from '../../support/gateway/random-routes.ts';

function decided(model: MeshModel, { method, path, headers }: AskedRequest): Interpreted | number {
  const from = workloadId('default', 'client');
  const { status, targets } = decide(model, {
    kind: 'http',
    from,
    to: { host: 'shop', port: 80 },
    method,
    path,
    headers,
  });
  if (status !== undefined) return status;
  return Object.fromEntries(
    targets.filter(({ weight }) => weight > 0).map(({ service, weight }) => [service.slice('default/'.length), weight]),
  );
}

/** Shares by their ratio alone. */
function ratios(said: Interpreted | number): unknown {
  if (typeof said === 'number') return said;
  const total = Object.values(said).reduce((sum, weight) => sum + weight, 0);
  return Object.fromEntries(Object.entries(said).map(([name, weight]) => [name, weight / total]));
}

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
      { numRuns: 60 },
    );
  }, 60_000);
});
