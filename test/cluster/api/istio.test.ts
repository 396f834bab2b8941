import { describe, expect, test } from 'vitest';
import { istioAdapter } from '../../../adapters/istio/index.ts';
import { defaultOptions } from '../../../adapters/istio/options.ts';
import { emitAll } from '../../../src/adapter/emit-all.ts';
import { istioApi, istioCrds } from '../../support/istio-api.ts';
import { goldenCases } from '../../support/mesh/cases.ts';
import { compileCase } from '../../support/mesh/pipeline.ts';
import { adminOf } from '../support/client.ts';
import { type Crd, install } from '../support/crds.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const client = adminOf(await startTestCluster());
const crds = istioCrds() as readonly Crd[] | undefined;

interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: unknown;
}

const plurals: Readonly<Record<string, string>> = {
  VirtualService: 'virtualservices',
  DestinationRule: 'destinationrules',
  ServiceEntry: 'serviceentries',
  Sidecar: 'sidecars',
  AuthorizationPolicy: 'authorizationpolicies',
  PeerAuthentication: 'peerauthentications',
  RequestAuthentication: 'requestauthentications',
};

/** What the apiserver says against an object; nothing is kept of it. */
async function refusal(object: Written): Promise<string | undefined> {
  const { apiVersion, kind, metadata } = object;
  const path = `/apis/${apiVersion}/namespaces/${metadata.namespace}/${plurals[kind]}`;
  const { status, body } = await client.post(`${path}?dryRun=All&fieldValidation=Strict`, object);
  return status === 201 ? undefined : `${kind} ${metadata.name}: ${status} ${body.message}`;
}

const missing = process.env.CI !== 'true' && crds === undefined;

describe.skipIf(missing)(`a kube-apiserver with the definitions of ${istioApi.path} ${istioApi.version}`, () => {
  test('takes what is written of every golden case', async () => {
    const used = (crds ?? []).filter(({ spec }) => plurals[spec.names.kind] === spec.names.plural);
    expect(used).toHaveLength(Object.keys(plurals).length);
    await Promise.all(used.map((crd) => install(client, crd)));
    const written = goldenCases().flatMap((golden) => {
      const { artifacts } = emitAll(istioAdapter, compileCase(golden, 10).model, defaultOptions);
      return artifacts.map(({ body }) => ({ name: golden.name, object: body as Written }));
    });
    const namespaces = new Set(written.map(({ object }) => object.metadata.namespace));
    await Promise.all([...namespaces].map((name) => client.post('/api/v1/namespaces', { metadata: { name } })));
    const refused: string[] = [];
    for (const { name, object } of written) {
      const why = await refusal(object);
      if (why !== undefined) refused.push(`${name}: ${why}`);
    }
    expect(refused).toEqual([]);
    expect(written.length).toBeGreaterThan(400);
    expect(new Set(written.map(({ object }) => object.kind))).toEqual(new Set(Object.keys(plurals)));
  }, 120_000);

  test('refuses unknown fields, wrong values and what breaks a rule in CEL, so that its yes means something', async () => {
    const metadata = { namespace: 'default', name: 'one' };
    const policy = (spec: unknown): Written => ({
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata,
      spec,
    });
    expect(await refusal(policy({ action: 'ALLOW', rule: [] }))).toContain('unknown field');
    expect(await refusal(policy({ action: 'PERMIT' }))).toContain('Unsupported value');
    const selector = { matchLabels: { app: 'one' } };
    const targetRefs = [{ kind: 'Gateway', group: 'gateway.networking.k8s.io', name: 'one' }];
    expect(await refusal(policy({ selector, targetRefs }))).toContain('only one of targetRefs or selector');
  });
});
