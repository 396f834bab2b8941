import { describe, expect, it } from 'vitest';
import { gatewayApiAdapter } from '../../../../adapters/gateway-api/index.ts';
import { emitAll } from '../../../../src/adapter/emit-all.ts';
import { decide } from '../../../../src/model/decide.ts';
import type { TrafficRequest } from '../../../../src/model/decision.ts';
import { difference } from '../../../support/gateway-api/agreement.ts';
import { goldenCases } from '../../../support/mesh/cases.ts';
import { compileCase } from '../../../support/mesh/pipeline.ts';

/** Cases in which some request is treated in another way, and the feature whose loss or table says so. */
const differing: Readonly<Record<string, string>> = {
  'match-header-octets': 'match-header-regex',
  'outbound-registry-only': 'outbound-registry-only',
  'split-many-backends': 'weighted-split',
};

describe('the routes of golden cases', () => {
  const cases = goldenCases().filter(({ outputs }) => outputs === 'all');

  it('do what the cases ask for, or say what they do not', () => {
    const found = cases.flatMap((golden) => {
      const { model } = compileCase(golden, 10);
      const options = { channel: 'standard', access: 'elsewhere', regex: 'implementation', grpc: 'GRPCRoute' } as const;
      const { artifacts, losses } = emitAll(gatewayApiAdapter, model, options);
      const simulated = gatewayApiAdapter.simulate?.(artifacts, model);
      const problems = golden.requests.flatMap((request) => {
        if (request.direction !== 'outbound' || simulated === undefined) return [];
        const asked = { from: request.from, to: request.to, ...request.traffic } as TrafficRequest;
        const problem = difference(decide(model, asked), simulated(asked));
        return problem === undefined ? [] : [`${request.place} ${request.label}: ${problem}`];
      });
      const feature = differing[golden.name] ?? '';
      const told = losses.some((loss) => loss.feature === feature) || feature === 'outbound-registry-only';
      return told && problems.length > 0 ? [] : problems;
    });
    expect(found).toEqual([]);
  });
});
