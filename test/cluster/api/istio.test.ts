import { describe, expect, test } from 'vitest';
import { istioAdapter } from '../../../adapters/istio/index.ts';
import { defaultOptions, type IstioOptions } from '../../../adapters/istio/options.ts';
import { emitAll } from '../../../src/adapter/emit-all.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { gatewayApiCrds, gatewayApiVersion } from '../../support/gateway-api/crds.ts';
import { meshOfCalls } from '../../support/gateway-api/mesh.ts';
import { istioApi, istioCrds } from '../../support/istio-api.ts';
import { goldenCases } from '../../support/mesh/cases.ts';
import { compileCase } from '../../support/mesh/pipeline.ts';
import { adminOf } from '../support/client.ts';
import { type Crd, install } from '../support/crds.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const client = adminOf(await startTestCluster());
const ofIstio = istioCrds() as readonly Crd[] | undefined;
const ofRoutes = gatewayApiCrds('standard') as readonly unknown[] as readonly Crd[] | undefined;

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
/** Of Gateway API, which Istio reads, too. */
const routePlurals: Readonly<Record<string, string>> = {
  HTTPRoute: 'httproutes',
  GRPCRoute: 'grpcroutes',
  TCPRoute: 'tcproutes',
  ReferenceGrant: 'referencegrants',
};

/** What the apiserver says against an object; nothing is kept of it. */
async function refusal(object: Written): Promise<string | undefined> {
  const { apiVersion, kind, metadata } = object;
  const path = `/apis/${apiVersion}/namespaces/${metadata.namespace}/${plurals[kind] ?? routePlurals[kind]}`;
  const { status, body } = await client.post(`${path}?dryRun=All&fieldValidation=Strict`, object);
  return status === 201 ? undefined : `${kind} ${metadata.name}: ${status} ${body.message}`;
}

const goldens = goldenCases().map((golden) => ({ name: golden.name, model: compileCase(golden, 10).model }));
const missing = process.env.CI !== 'true' && (ofIstio === undefined || ofRoutes === undefined);

/** What is written of every mesh, each in a namespace that is there, and what the apiserver says against it. */
async function tried(options: IstioOptions, meshes: readonly { readonly name: string; readonly model: MeshModel }[]) {
  const written = meshes.flatMap(({ name, model }) =>
    emitAll(istioAdapter, model, options).artifacts.map(({ body }) => ({ name, object: body as Written })),
  );
  const namespaces = new Set(written.map(({ object }) => object.metadata.namespace));
  await Promise.all([...namespaces].map((name) => client.post('/api/v1/namespaces', { metadata: { name } })));
  const refused: string[] = [];
  for (const { name, object } of written) {
    const why = await refusal(object);
    if (why !== undefined) refused.push(`${name}: ${why}`);
  }
  return { refused, count: written.length, kinds: new Set(written.map(({ object }) => object.kind)) };
}

const versions = `${istioApi.path} ${istioApi.version} and Gateway API ${gatewayApiVersion}`;

describe.skipIf(missing)(`a kube-apiserver with the definitions of ${versions}`, () => {
  test('takes what is written of every golden case', async () => {
    const used = (ofIstio ?? []).filter(({ spec }) => plurals[spec.names.kind] === spec.names.plural);
    expect(used).toHaveLength(Object.keys(plurals).length);
    await Promise.all(used.map((crd) => install(client, crd)));
    const { refused, count, kinds } = await tried(defaultOptions, goldens);
    expect(refused).toEqual([]);
    expect(count).toBeGreaterThan(400);
    expect(kinds).toEqual(new Set(Object.keys(plurals)));
  }, 120_000);

  test('takes it with routes of Gateway API, too', async () => {
    const used = (ofRoutes ?? []).filter(({ spec }) => routePlurals[spec.names.kind] === spec.names.plural);
    expect(used).toHaveLength(Object.keys(routePlurals).length);
    await Promise.all(used.map((crd) => install(client, crd)));
    const options: IstioOptions = { ...defaultOptions, routes: 'gateway-api', grpc: 'GRPCRoute' };
    const { refused, count, kinds } = await tried(options, [...goldens, { name: 'calls', model: meshOfCalls() }]);
    expect(refused).toEqual([]);
    expect(count).toBeGreaterThan(400);
    const { VirtualService: _, ...others } = plurals;
    expect(kinds).toEqual(new Set(Object.keys({ ...others, ...routePlurals })));
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
