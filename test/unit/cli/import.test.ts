import fc from 'fast-check';
import { dump } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import '../../support/property-seed.ts';
import { manifestsOf } from '../../../src/cli/import/manifests.ts';
import { assemble } from '../../../src/compile/assemble.ts';
import { checkModel } from '../../../src/model/check.ts';
import { parseSource } from '../../../src/source/parse.ts';
import { decided, fieldsFor, ratios } from '../../support/gateway/decided.ts';
import { interpret } from '../../support/gateway/interpreter.ts';
import { routedShop } from '../../support/gateway/mesh.ts';
import { requests, routes, manifestsOf as written } from '../../support/gateway/random-routes.ts';
import { service } from '../../support/objects.ts';
import { runCli } from '../../support/run-cli.ts';

/** The mesh of what `smi-cli import` prints. */
function imported(text: string, pathRegexMode: 'spec' | 'full') {
  const { objects, diagnostics } = manifestsOf(routedShop(text).model);
  expect(diagnostics).toEqual([]);
  const printed = objects.map((object) => dump(object, { noRefs: true })).join('---\n');
  const read = assemble(parseSource('smi.yaml', printed).documents);
  expect(read.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  const { model } = routedShop(
    '',
    { accessMode: 'allow', pathRegexMode },
    {
      splits: read.input.splits,
      routeGroups: read.input.routeGroups,
      policies: read.input.policies ?? [],
    },
  );
  expect(checkModel(model)).toEqual([]);
  return model;
}

const other81 = {
  services: ['shop', 'shop-v1', 'shop-v2'].map((name) => service(name, { ports: ['80:8080', '81:8080'] })),
};

const route = (rules: string, metadata = '{ name: shop }', parent = 'name: shop') => `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: ${metadata}
spec:
  parentRefs: [{ group: '', kind: Service, ${parent} }]
  rules:
${rules}`;

describe('manifests that mean what routes mean', () => {
  it.each(['spec', 'full'] as const)(
    'are about any routes what the API says of them, with paths anchored as %s',
    (mode) => {
      fc.assert(
        fc.property(routes, (some) => {
          const model = imported(written(some), mode);
          for (const request of requests) {
            expect(ratios(decided(model, request)), JSON.stringify(request)).toEqual(ratios(interpret(some, request)));
          }
        }),
        { numRuns: 5 },
      );
    },
    60_000,
  );

  it('say time limits and copies of one rule, and nothing of them for the others', () => {
    const model = imported(
      route(`
    - matches: [{ path: { value: /now } }]
      backendRefs: [{ name: shop-v1, port: 80 }]
    - timeouts: { request: 5s }
      filters: [{ type: RequestMirror, requestMirror: { backendRef: { name: shop-v2, port: 80 }, percent: 10 } }]
      backendRefs: [{ name: shop-v2, port: 80 }]`),
      'spec',
    );
    const asked = (path: string) => fieldsFor(model, { method: 'GET', path, headers: {} });
    expect(asked('/now')).toMatchObject({ 'timeouts.request': 0, mirror: { share: 0 } });
    expect(asked('/')).toMatchObject({ 'timeouts.request': 5000, mirror: { share: 1000 } });
  });

  it.each([
    ['a port of a backend', route('    - backendRefs: [{ name: shop-v1, port: 81 }]'), 'SMI4709'],
    [
      'clients of one namespace',
      route(
        '    - backendRefs: [{ name: shop, namespace: default, port: 80 }]',
        '{ name: shop, namespace: near }',
        'name: shop, namespace: default',
      ),
      'SMI4709',
    ],
    [
      'headers of a later rule alone',
      route(`
    - matches: [{ path: { value: /now } }]
      backendRefs: [{ name: shop-v1, port: 80 }]
    - filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { remove: [x-a] } }]
      backendRefs: [{ name: shop-v2, port: 80 }]`),
      'SMI4709',
    ],
  ])('are not written where they cannot say %s', (_, text, code) => {
    const { objects, diagnostics } = manifestsOf(routedShop(text, { accessMode: 'allow' }, other81).model);
    expect(objects).toEqual([]);
    expect(diagnostics.map((found) => [found.code, found.origin?.object])).toEqual([
      [code, expect.stringMatching(/^gateway.networking.k8s.io\/HTTPRoute\//)],
    ]);
  });
});

describe('smi-cli import', () => {
  const manifests = `
apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80 }] }
---${route('    - backendRefs: [{ name: shop, port: 80 }, { name: gone, port: 80, weight: 0 }]')}`;

  it('prints manifests, findings apart, and with -o model the model', async () => {
    const yaml = await runCli(['import', '--from', 'gateway-api', '-'], { stdin: manifests });
    expect(yaml.stdout).toBe('');
    expect(yaml.stderr).toContain('info[SMI4703]');
    expect(yaml.status).toBe(0);
    const model = await runCli(['import', '--from', 'gateway-api', '-', '-o', 'model'], { stdin: manifests });
    expect(model.stdout).toContain('modelVersion: 1');
    expect(model.stdout).toContain('gateway.networking.k8s.io/HTTPRoute/default/shop');
  }, 120_000);
});
