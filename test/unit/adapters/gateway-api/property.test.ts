import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatewayApiAdapter } from '../../../../adapters/gateway-api/index.ts';
import { simulate } from '../../../../adapters/gateway-api/simulate/index.ts';
import { emitAll } from '../../../../src/adapter/emit-all.ts';
import { assemble } from '../../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../../src/compile/index.ts';
import { decide } from '../../../../src/model/decide.ts';
import { readSourceText } from '../../../../src/source/read.ts';
import { difference } from '../../../support/gateway-api/agreement.ts';
import { meshOf } from '../../../support/gateway-api/mesh.ts';
import { requests, rules } from '../../../support/gateway-api/rules.ts';
import { meshBase, meshObjects, outboundRequests } from '../../../support/generate/mesh.ts';

const options = { channel: 'standard', access: 'elsewhere', regex: 'implementation', grpc: 'GRPCRoute' } as const;

describe('routes', () => {
  it.each(['before prefixes', 'behind prefixes'] as const)(
    'have the first rule that matches count, with expressions %s',
    (expressions) => {
      fc.assert(
        fc.property(rules, (generated) => {
          const model = meshOf(generated);
          const { artifacts } = emitAll(gatewayApiAdapter, model, options);
          const simulated = simulate(artifacts, model, expressions);
          for (const request of requests) {
            const problem = difference(decide(model, request), simulated(request));
            if (problem !== undefined) throw new Error(`${JSON.stringify(request)}: ${problem}`);
          }
        }),
        { numRuns: 60 },
      );
    },
  );

  it('do what any mesh means', () => {
    fc.assert(
      fc.property(meshObjects, (objects) => {
        const text = [...meshBase, ...objects].map((object) => JSON.stringify(object)).join('\n---\n');
        const { input } = assemble(readSourceText('mesh.yaml', text).documents);
        const { model } = createCompiler().compile(input, defaultCompileOptions);
        const { artifacts } = emitAll(gatewayApiAdapter, model, options);
        const simulated = simulate(artifacts, model);
        const differing = outboundRequests.flatMap((request) => {
          const problem = difference(decide(model, request), simulated(request));
          return problem === undefined ? [] : [`${JSON.stringify(request)}: ${problem}`];
        });
        expect(differing).toEqual([]);
      }),
      { numRuns: 25 },
    );
  });
});
