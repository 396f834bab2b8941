import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Fields } from '../../../../src/lib/values.ts';
import { convertObject } from '../../../../src/smi/convert/convert.ts';
import { schemaFaults } from '../../../../src/smi/schemas.ts';
import { damaged, generatedKinds } from '../../../support/generate/manifests.ts';

function to(object: Fields, apiVersion: string): Fields {
  const converted = convertObject(object, apiVersion);
  if (!converted.ok) throw new Error(converted.error.map(({ message }) => message).join('; '));
  return converted.value;
}

function faultsOf(group: string, version: string, kind: string, object: Fields): readonly string[] {
  return schemaFaults(group, version, kind, object).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** What a conversion webhook may not touch. */
function untouchable({ kind, metadata }: Fields): unknown {
  const { annotations: _annotations, ...others } = metadata as Fields;
  return { kind, others };
}

const versions = generatedKinds.flatMap(({ group, kind, versions, of }) =>
  versions.map((version) => ({ group, kind, version, of })),
);

test.each(versions)(
  'generated objects of $kind $version are accepted by their schema',
  ({ group, kind, version, of }) => {
    fc.assert(
      fc.property(of(version), (object) => {
        expect(faultsOf(group, version, kind, object)).toEqual([]);
      }),
    );
  },
);

const pairs = generatedKinds.flatMap(({ group, kind, versions, of }) =>
  versions.flatMap((from) => versions.map((other) => ({ group, kind, from, other, of }))),
);

describe.each(pairs)('$kind $from to $other', ({ group, kind, from, other, of }) => {
  test('and back gives the object again', () => {
    fc.assert(
      fc.property(of(from), (object) => {
        const there = to(object, `${group}/${other}`);
        expect(there.apiVersion).toBe(`${group}/${other}`);
        expect(untouchable(there)).toEqual(untouchable(object));
        expect(to(there, `${group}/${from}`)).toEqual(object);
      }),
      { numRuns: 200 },
    );
  });

  test('and back gives an object again that its schema refuses', () => {
    fc.assert(
      fc.property(damaged(of(from)), (object) => {
        expect(to(to(object, `${group}/${other}`), `${group}/${from}`)).toEqual(object);
      }),
      { numRuns: 200 },
    );
  });

  test('gives what the schema accepts, and twice is once', () => {
    fc.assert(
      fc.property(of(from), (object) => {
        const there = to(object, `${group}/${other}`);
        expect(faultsOf(group, other, kind, there)).toEqual([]);
        expect(to(there, `${group}/${other}`)).toEqual(there);
      }),
      { numRuns: 100 },
    );
  });
});

test.each(generatedKinds.filter(({ versions }) => versions.length > 2))(
  '$kind: a walk over three versions ends where it began, and the way does not matter',
  ({ group, versions, of }) => {
    const version = fc.constantFrom(...versions);
    const walk = fc.tuple(version, version, version).chain((way) => fc.tuple(fc.constant(way), of(way[0])));
    fc.assert(
      fc.property(walk, ([[from, first, second], object]) => {
        const direct = to(object, `${group}/${second}`);
        const around = to(to(object, `${group}/${first}`), `${group}/${second}`);
        expect(around).toEqual(direct);
        expect(to(around, `${group}/${from}`)).toEqual(object);
      }),
      { numRuns: 500 },
    );
  },
);
