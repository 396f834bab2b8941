import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assemble } from '../../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../../src/compile/index.ts';
import type { Fields } from '../../../../src/lib/values.ts';
import { decide, decideInbound } from '../../../../src/model/decide.ts';
import type { MeshModel } from '../../../../src/model/types.ts';
import { convert } from '../../../../src/smi/convert/convert.ts';
import { versionsOf } from '../../../../src/smi/versions.ts';
import { readSourceText } from '../../../../src/source/read.ts';
import { inboundRequests, meshBase, meshObjects, outboundRequests } from '../../../support/generate/mesh.ts';

function model(objects: readonly Fields[]): MeshModel {
  const list = { apiVersion: 'v1', kind: 'List', items: [...meshBase, ...objects] };
  const { documents } = readSourceText('mesh.json', JSON.stringify(list));
  return createCompiler().compile(assemble(documents).input, defaultCompileOptions).model;
}

function allowed(mesh: MeshModel): readonly boolean[] {
  return inboundRequests.map((request) => decideInbound(mesh, request).verdict === 'allow');
}

function routes(mesh: MeshModel) {
  return outboundRequests.map((request) => {
    const { outcome, status, targets } = decide(mesh, request);
    return { outcome, status, targets: targets.map(({ service, weight, total }) => `${service} ${weight}/${total}`) };
  });
}

interface Moved {
  readonly object: Fields;
  /** Without annotations that conversions write, except where they are the only place of a restriction. */
  readonly forOthers: Fields;
}

/** The object in another version that the seed picks. */
function moved(object: Fields, seed: number): Moved {
  const apiVersion = String(object.apiVersion);
  const group = apiVersion.slice(0, apiVersion.indexOf('/'));
  const versions = versionsOf(group, String(object.kind))?.served ?? [];
  const conversion = convert(object, `${group}/${versions[seed % versions.length]}`);
  if (!conversion.ok) throw new Error(conversion.error[0]?.message);
  const converted = conversion.value.object;
  const metadata = converted.metadata as Fields;
  const open = conversion.value.kept.filter(({ effect }) => effect === 'open').map(({ annotation }) => annotation);
  const annotations = Object.fromEntries(
    Object.entries((metadata.annotations ?? {}) as Fields).filter(
      ([name]) => !name.startsWith('smi-mesh.io/preserved-') || open.includes(name),
    ),
  );
  return { object: converted, forOthers: { ...converted, metadata: { ...metadata, annotations } } };
}

const meshes = fc.tuple(meshObjects, fc.array(fc.nat(3), { minLength: 20, maxLength: 20 }));

function convertAll([objects, seeds]: readonly [readonly Fields[], readonly number[]]): readonly Moved[] {
  return objects.map((object, index) => moved(object, seeds[index] ?? 0));
}

test('a converted mesh decides every request as before', () => {
  let granted = 0;
  fc.assert(
    fc.property(meshes, (mesh) => {
      const before = model(mesh[0]);
      const after = model(convertAll(mesh).map(({ object }) => object));
      granted += allowed(before).filter(Boolean).length;
      expect(allowed(after)).toEqual(allowed(before));
      expect(routes(after)).toEqual(routes(before));
    }),
    { numRuns: 150 },
  );
  expect(granted).toBeGreaterThan(0);
}, 120_000);

test('a reader who ignores the annotations sees no request allowed that the original denies', () => {
  let narrowed = 0;
  fc.assert(
    fc.property(meshes, (mesh) => {
      const before = allowed(model(mesh[0]));
      const after = allowed(model(convertAll(mesh).map(({ forOthers }) => forOthers)));
      for (const [index, allows] of after.entries()) {
        if (allows) expect(before[index], JSON.stringify(inboundRequests[index])).toBe(true);
        else if (before[index]) narrowed += 1;
      }
    }),
    { numRuns: 1000 },
  );
  expect(narrowed).toBeGreaterThan(0);
}, 120_000);

test('nor a request at a backend that it could not reach: what the split governed goes to the root', () => {
  fc.assert(
    fc.property(meshes, (mesh) => {
      const before = routes(model(mesh[0]));
      const after = routes(model(convertAll(mesh).map(({ forOthers }) => forOthers)));
      for (const [index, { targets }] of after.entries()) {
        const request = outboundRequests[index];
        const reachable = [...(before[index]?.targets ?? []).map(nameOf), `default/${request?.to.host}`];
        for (const target of targets.filter(takesTraffic))
          expect(reachable, JSON.stringify(request)).toContain(nameOf(target));
      }
    }),
    { numRuns: 150 },
  );
}, 120_000);

function nameOf(target: string): string {
  return target.slice(0, target.indexOf(' '));
}

function takesTraffic(target: string): boolean {
  return !target.includes(' 0/');
}
