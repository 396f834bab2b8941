import { describe, expect, it } from 'vitest';
import { envoyAdapter } from '../../../adapters/envoy/index.ts';
import { gatewayApiAdapter } from '../../../adapters/gateway-api/index.ts';
import { grpcAdapter } from '../../../adapters/grpc/index.ts';
import { istioAdapter } from '../../../adapters/istio/index.ts';
import { proxyAdapter } from '../../../adapters/proxy/index.ts';
import type { Translator } from '../../../src/adapter/contract.ts';
import { features } from '../../../src/adapter/features.ts';
import { featureUses } from '../../../src/adapter/losses.ts';
import { contractCases, shippedModels } from '../../../src/testkit/index.ts';

const all = shippedModels();
const some = all.filter(({ name }) => ['access-http', 'endpoints', 'requests', 'split-thirds', 'tcp'].includes(name));

describe('the contract of adapters', () => {
  it('is tried with models that use every feature that can be asked for', () => {
    const used = new Set(all.flatMap(({ model }) => featureUses(model).map(({ feature }) => feature)));
    expect(features.filter((feature) => !used.has(feature))).toEqual(['outbound-passthrough']);
  });

  it.each([
    { adapter: gatewayApiAdapter, options: {} },
    { adapter: istioAdapter, options: {} },
    { adapter: istioAdapter, options: { routes: 'gateway-api', grpc: 'GRPCRoute' } },
    { adapter: proxyAdapter, options: {} },
    { adapter: envoyAdapter, options: {} },
    { adapter: grpcAdapter, options: {} },
  ] as readonly unknown[] as readonly { readonly adapter: Translator; readonly options: Record<string, string> }[])(
    'is kept by $adapter.id $options',
    ({ adapter, options }) => {
      const problems = contractCases(adapter, { models: some, options })
        .filter(({ skipped }) => skipped === undefined)
        .flatMap(({ name, run }) => run().map((problem) => `${name}: ${problem}`));
      expect(problems).toEqual([]);
    },
    120_000,
  );
});
