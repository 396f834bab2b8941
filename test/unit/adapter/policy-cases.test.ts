import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyCases } from '../../../src/adapter/policy-cases.ts';
import { nonEmpty } from '../../../src/lib/collections.ts';
import { covers } from '../../../src/model/guards.ts';
import type { PolicyLayer, RequestPolicy } from '../../../src/model/policy.ts';
import { assembled, fieldsInForce } from '../../../src/model/policy-fields.ts';
import { matching } from '../../support/envoy-model.ts';
import '../../support/property-seed.ts';

const methods = ['GET', 'POST', 'PUT'] as const;
const paths = ['/a', '/ab', '/b'] as const;

const matches = fc.option(
  fc.array(
    fc
      .record({ method: fc.option(fc.constantFrom(...methods)), path: fc.option(fc.constantFrom(...paths)) })
      .map(({ method, path }) =>
        matching({
          ...(method === null ? {} : { methods: [method] as const }),
          ...(path === null ? {} : { path: { kind: 'prefix', value: path } as const }),
        }),
      ),
    { minLength: 1, maxLength: 2 },
  ),
);

const fields = fc.record({ idle: fc.nat(3), request: fc.nat(3), attempts: fc.nat(3) }, { requiredKeys: [] }).map(
  ({ idle, request, attempts }): RequestPolicy => ({
    timeouts: { ...(idle === undefined ? {} : { idle }), ...(request === undefined ? {} : { request }) },
    ...(attempts === undefined ? {} : { retries: { attempts } }),
  }),
);

const layer = fc.record({ matches, fields }).map(
  (said): PolicyLayer<RequestPolicy> => ({
    policy: 'default/p',
    matches: nonEmpty(said.matches ?? []) ?? 'any',
    fields: said.fields,
    origins: [],
  }),
);

describe('the combinations of policies that requests meet', () => {
  it('give each request what the layers that cover it say', () => {
    fc.assert(
      fc.property(
        fc.array(layer, { maxLength: 5 }),
        fc.constantFrom(...methods),
        fc.constantFrom(...paths, '/c'),
        (all, method, path) => {
          const request = { method, path, authority: 'a', headers: {} } as Parameters<typeof covers>[1];
          const first = policyCases(all).find((one) =>
            one.matches.every((list) => list.some((match) => covers([match], request))),
          );
          const covering = all.filter((one) => covers(one.matches, request));
          expect(first?.policy).toEqual(assembled(fieldsInForce(covering)));
        },
      ),
      { numRuns: 500 },
    );
  });
});
