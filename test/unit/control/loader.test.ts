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
