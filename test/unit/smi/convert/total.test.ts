import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fields } from '../../../../src/lib/values.ts';
import { convertObject } from '../../../../src/smi/convert/convert.ts';
import { decodeSmi } from '../../../../src/smi/decode.ts';
import { readSourceText } from '../../../../src/source/read.ts';
import { damaged, generatedKinds } from '../../../support/generate/manifests.ts';

const preserved = fc
  .constantFrom('v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4', 'destination-port')
  .map((name) => `smi-mesh.io/preserved-${name}`);

const path = fc.constantFrom(
  'spec',
  'spec.matches',
  'spec.backends[0].weight',
  'spec.backends[9]',
  'spec.sources',
  '__proto__.x',
  '',
  '[',
  'spec.destination.port',
);

/** Text that resembles what a conversion writes. */
const kept = fc.oneof(
  fc.string(),
  fc.json(),
  fc
    .record(
      {
        of: fc.constantFrom('', '44136fa355b3678a', 1),
        value: fc.oneof(fc.dictionary(path, fc.jsonValue()), fc.jsonValue()),
        without: fc.oneof(fc.array(path), fc.jsonValue()),
      },
      { requiredKeys: ['of'], noNullPrototype: true },
    )
    .map((value) => JSON.stringify(value)),
);

const body = fc.dictionary(
  fc.constantFrom('spec', 'matches', 'destination', 'sources', 'specs', 'status', '__proto__'),
  fc.jsonValue(),
  { noNullPrototype: true },
);

const kind = fc.constantFrom(...generatedKinds);

/** Objects of every kind whose fields and annotations may hold anything. */
const hostile: fc.Arbitrary<{ readonly object: Fields; readonly group: string; readonly to: string }> = kind.chain(
  ({ group, kind: name, versions, of }) =>
    fc
      .record({
        version: fc.constantFrom(...versions),
        to: fc.constantFrom(...versions),
        annotations: fc.dictionary(preserved, kept, { maxKeys: 3, noNullPrototype: true }),
        anything: body,
        keepShape: fc.boolean(),
      })
      .chain(({ version, to, annotations, anything, keepShape }) =>
        damaged(of(version)).map((object) => {
          const head = { apiVersion: `${group}/${version}`, kind: name, metadata: { name: 'x', annotations } };
          return { object: keepShape ? { ...object, ...head } : { ...head, ...anything }, group, to };
        }),
      ),
);

test('an object converts and is read, or is refused with a finding, whatever its fields and annotations hold', () => {
  fc.assert(
    fc.property(hostile, ({ object, group, to }) => {
      const converted = convertObject(object, `${group}/${to}`);
      expect(converted).toMatchObject({ ok: true, value: { apiVersion: `${group}/${to}`, kind: object.kind } });
      for (const each of converted.ok ? [object, converted.value] : []) {
        const [document] = readSourceText('file.json', JSON.stringify(each)).documents;
        if (document === undefined) continue;
        const { value, diagnostics } = decodeSmi(document);
        expect(value !== undefined || diagnostics.some(({ severity }) => severity === 'error')).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
}, 120_000);

test('an annotation that is no text, and cannot become text by itself, does not stop the conversion', () => {
  const annotations = { odd: { toString: '' } };
  const object = {
    apiVersion: 'split.smi-spec.io/v1alpha2',
    kind: 'TrafficSplit',
    metadata: { name: 'canary', annotations },
    spec: { service: 'web', backends: [{ service: 'web-v1', weight: 1 }] },
  };
  expect(convertObject(object, 'split.smi-spec.io/v1alpha4')).toMatchObject({ value: { metadata: { annotations } } });
});

test('a kind or version that is no text is one that is not served', () => {
  for (const odd of [{ toString: '' }, null, 1, []]) {
    expect(convertObject({ apiVersion: odd, kind: odd }, 'split.smi-spec.io/v1alpha4').ok).toBe(false);
  }
});
