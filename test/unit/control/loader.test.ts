import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import { Loader } from '../../../src/control/loader.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smi-loader-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a bad rule of TrafficTarget v1alpha1 is located at its own line', () => {
  const file = join(directory, 'target.yaml');
  const lines = [
    'apiVersion: access.smi-spec.io/v1alpha1',
    'kind: TrafficTarget',
    'metadata: { name: shop }',
    'destination: { kind: ServiceAccount, name: shop }',
    'specs:',
    '  - kind: HTTPRouteGroup',
    '    name: gone',
    'sources: []',
  ];
  writeFileSync(file, lines.join('\n'));
  const load = new Loader([directory], undefined).load();
  const { diagnostics } = createCompiler().compile(load.input, defaultCompileOptions);
  const missing = diagnostics.find(({ code }) => code === 'SMI3004');
  expect(missing?.origin?.path).toBe('spec.rules[0].name');
  expect(load.locate(missing!.origin!)).toMatchObject({ file, line: 7, column: 11 });
});

test('a refused policy keeps its last good version, and without one closes what it was for', () => {
  const state = mkdtempSync(join(tmpdir(), 'smi-state-'));
  const policy = (more: string) => `apiVersion: policy.smi-mesh.io/v1alpha1
kind: TrafficPolicy
metadata: { name: shop }
spec:
  targetRefs: [{ kind: Service, name: shop }]
  authentication: { jwt: [{ issuer: login, jwks: { file: /keys } }] }
  ${more}
`;
  const file = join(directory, 'mesh.yaml');
  const mesh = `apiVersion: v1
kind: Service
metadata: { name: shop }
spec: { selector: { app: shop }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: shop, labels: { app: shop } }
spec: { serviceAccountName: shop, containers: [{ name: shop, ports: [{ containerPort: 8080 }] }] }
---
`;
  const asked = (loader: Loader, more: string) => {
    writeFileSync(file, mesh + policy(more));
    const { model, diagnostics } = createCompiler().compile(loader.load().input, defaultCompileOptions);
    const layers = Object.values(model.inbound).flatMap(({ policies }) => policies ?? []);
    const issuers = layers.flatMap(({ fields }) => fields.authentication?.jwt.map(({ issuer }) => issuer) ?? []);
    return [issuers, diagnostics.map(({ code }) => code)];
  };
  const [good, bad] = ['timeouts: { request: 1s }', 'timeout: { request: 1s }'];
  const cold = new Loader([directory], undefined);
  expect(asked(cold, bad)).toEqual([['nobody'], ['SMI4108']]);
  expect(asked(cold, good)).toEqual([['login'], []]);
  expect(asked(cold, bad)).toEqual([['login'], []]);
  // What was good survives the process.
  expect(asked(new Loader([directory], state), good)).toEqual([['login'], []]);
  expect(asked(new Loader([directory], state), bad)).toEqual([['login'], []]);
  rmSync(state, { recursive: true, force: true });
});
