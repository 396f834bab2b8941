import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gatewayApiAdapter } from '../../../adapters/gateway-api/index.ts';
import { emitAll } from '../../../src/adapter/emit-all.ts';
import type { Fields } from '../../../src/lib/values.ts';
import type { OutboundRule, PortPolicy } from '../../../src/model/types.ts';
import { until } from '../../e2e/support/mesh.ts';
import { type Channel, gatewayApiCrds, gatewayApiVersion } from '../../support/gateway-api/crds.ts';
import { meshOf, meshOfCalls } from '../../support/gateway-api/mesh.ts';
import { rules } from '../../support/gateway-api/rules.ts';
import { goldenCases } from '../../support/mesh/cases.ts';
import { compileCase } from '../../support/mesh/pipeline.ts';
import { adminOf } from '../support/client.ts';
import { type Crd, install } from '../support/crds.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const client = adminOf(await startTestCluster());
const missing = process.env.CI !== 'true' && gatewayApiCrds('standard') === undefined;

interface Document {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: Fields;
}

const policy = {
  policy: 'default/root',
  matches: 'any',
  fields: {
    timeouts: { request: 90_061_001, perTry: 2_000, idle: 1 },
    retries: { on: ['serverError', 'rateLimited'], attempts: 3, backoff: { base: 25 } },
    mirror: { service: 'default/one', port: 80, share: 1_250 },
    headers: {
      request: { set: { 'x-a': 'a b' }, add: { 'x-b': '1' }, remove: ['x-c'] },
      response: { remove: ['x-d'] },
    },
  },
  origins: [],
} as const;
const policies = [policy] as unknown as NonNullable<PortPolicy['policies']>;
const failing: OutboundRule = { from: 'any', match: 'any', to: { kind: 'fail', because: 'SMI4002' }, origins: [] };

/** Every golden case, and what they have none of: rules of some clients, and all that policies say of requests. */
const cases = [
  ...goldenCases().map((golden) => ({ name: golden.name, model: compileCase(golden, 10).model })),
  { name: 'policies', model: meshOf([], { policies }) },
  { name: 'calls', model: meshOfCalls() },
  { name: 'failing', model: meshOf([failing], { protocol: 'tcp' }) },
  ...fc.sample(rules, { numRuns: 40, seed: 7 }).map((generated, index) => ({
    name: `random ${index}`,
    model: meshOf(generated, { policies }),
  })),
];

/** What the apiserver says against a document; nothing is kept of it. */
async function refusal({ apiVersion, kind, metadata, spec }: Document): Promise<string | undefined> {
  const plural = `${kind.toLowerCase()}s`;
  const path = `/apis/${apiVersion}/namespaces/${metadata.namespace}/${plural}?dryRun=All&fieldValidation=Strict`;
  const { status, body } = await client.post(path, { apiVersion, kind, metadata, spec });
  return status === 201 ? undefined : `${status} ${body.message}`;
}

/** The definitions of a channel, in force: the second time they take the place of the first. */
async function installChannel(channel: Channel): Promise<void> {
  const crds = (gatewayApiCrds(channel) ?? []) as readonly unknown[] as readonly Crd[];
  const used = crds.filter(({ spec }) => /^(?:HTTP|GRPC|TCP|TLS|UDP)Route$|^ReferenceGrant$/.test(spec.names.kind));
  expect(used).toHaveLength(6);
  await Promise.all(used.map((crd) => install(client, crd)));
  const sticky = route({ sessionPersistence: { type: 'Cookie', cookie: { name: 'session' } } });
  const experimental = async () => (await refusal(sticky)) === undefined;
  await until(
    async () => (await experimental()) === (channel === 'experimental'),
    30_000,
    () => `the ${channel} channel is in force`,
  );
}

function route(rule: Fields): Document {
  const rules = [{ backendRefs: [{ name: 'store', port: 80 }], ...rule }];
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'store', namespace: 'default' },
    spec: { parentRefs: [{ group: '', kind: 'Service', name: 'store', port: 80 }], rules },
  };
}

describe.skipIf(missing)(`a kube-apiserver with the definitions of Gateway API ${gatewayApiVersion}`, () => {
  // In this order: the experimental channel replaces the standard one.
  test.each(['standard', 'experimental'] as const)('takes what is written of every mesh: %s', async (channel) => {
    await installChannel(channel);
    const written = cases.flatMap(({ name, model }) => {
      const options = { channel, access: 'elsewhere', regex: 'implementation', grpc: 'GRPCRoute' } as const;
      return emitAll(gatewayApiAdapter, model, options).artifacts.map(({ body }) => ({
        name,
        document: body as Document,
      }));
    });
    const namespaces = new Set(written.map(({ document }) => document.metadata.namespace));
    await Promise.all([...namespaces].map((name) => client.post('/api/v1/namespaces', { metadata: { name } })));
    const refused = await Promise.all(
      written.map(async ({ name, document }) => {
        const why = await refusal(document);
        return why === undefined ? [] : [`${name}: ${document.kind} ${document.metadata.name}: ${why}`];
      }),
    );
    expect(refused.flat()).toEqual([]);
    expect(new Set(written.map(({ document }) => document.kind))).toEqual(
      new Set(['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'UDPRoute', 'ReferenceGrant']),
    );
    expect(written.length).toBeGreaterThan(50);
  });

  test('refuses what breaks a limit, an enumeration or a rule in CEL, so that its yes means something', async () => {
    const matches = Array.from({ length: 43 }, (_, index) => ({ path: { type: 'Exact', value: `/${index}` } }));
    const rules = { rules: [{ matches }, { matches }, { matches }] };
    expect(await refusal({ ...route({}), spec: { ...route({}).spec, ...rules } })).toContain('less than 128');
    expect(await refusal(route({ matches: [{ method: 'PURGE' }] }))).toContain('Unsupported value');
    expect(await refusal(route({ matches: [{ path: { type: 'Exact', value: 'x' } }] }))).toContain('absolute path');
  });
});
