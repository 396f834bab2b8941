import fc from 'fast-check';
import { expect, test } from 'vitest';
import { istioAdapter } from '../../../../adapters/istio/index.ts';
import { defaultOptions, type IstioOptions } from '../../../../adapters/istio/options.ts';
import { assemble } from '../../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../../src/compile/index.ts';
import type { Fields } from '../../../../src/lib/values.ts';
import type { MeshModel } from '../../../../src/model/types.ts';
import { readSourceText } from '../../../../src/source/read.ts';
import { prove, questionsAbout } from '../../../../src/translate/proof/prove.ts';
import { translate } from '../../../../src/translate/translate.ts';
import { meshBase, meshObjects } from '../../../support/generate/mesh.ts';
import { goldenCases } from '../../../support/mesh/cases.ts';
import { compileCase } from '../../../support/mesh/pipeline.ts';
import '../../../support/property-seed.ts';

const kindsOfRoutes = ['virtual-service', 'gateway-api'] as const;

function proven(model: MeshModel, routes: IstioOptions['routes'], count: number) {
  // Golden cases have datagrams, too.
  const options: IstioOptions = { ...defaultOptions, datagrams: 'elsewhere', routes };
  const translation = translate(istioAdapter, model, options);
  for (const { feature } of translation.losses) expect(istioAdapter.support[feature].level).not.toBe('exact');
  const names = translation.artifacts.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  return prove(model, istioAdapter, translation, questionsAbout(model, { count, seed: 1 }));
}

test.each(kindsOfRoutes)(
  'documents of every golden case do with requests what the mesh means: %s',
  (routes) => {
    let agreed = 0;
    for (const golden of goldenCases().filter(({ outputs }) => outputs === 'all')) {
      const proof = proven(compileCase(golden, 10).model, routes, 20);
      expect(proof?.counterExample, golden.name).toBeUndefined();
      agreed += proof?.agreed ?? 0;
    }
    expect(agreed).toBeGreaterThan(2_000);
  },
  240_000,
);

test.each(kindsOfRoutes)(
  'documents of random meshes do so, too: %s',
  (routes) => {
    let [agreed, narrower] = [0, 0];
    fc.assert(
      fc.property(meshObjects, (objects) => {
        const proof = proven(modelOf(objects), routes, 200);
        expect(proof?.counterExample).toBeUndefined();
        agreed += proof?.agreed ?? 0;
        narrower += proof?.narrower ?? 0;
      }),
      { numRuns: 15 },
    );
    expect(agreed).toBeGreaterThan(10 * narrower);
  },
  240_000,
);

function modelOf(objects: readonly Fields[]): MeshModel {
  const list = { apiVersion: 'v1', kind: 'List', items: [...meshBase, ...objects] };
  const { documents } = readSourceText('mesh.json', JSON.stringify(list));
  return createCompiler().compile(assemble(documents).input, defaultCompileOptions).model;
}
