import fc from 'fast-check';
import { dump } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { convertObject } from '../../../src/smi/convert/convert.ts';
import { editText } from '../../../src/source/edit/index.ts';
import { readSourceText } from '../../../src/source/read.ts';
import { generatedKinds } from '../../support/generate/manifests.ts';

/** The text with the objects of SMI converted to a version of their group. */
function converted(text: string, version: string): string {
  const edits = readSourceText('file.yaml', text).documents.flatMap((document) => {
    const group = document.apiVersion.slice(0, document.apiVersion.indexOf('/'));
    const object = convertObject(document.object, `${group}/${version}`);
    return object.ok ? [{ document, object: object.value }] : [];
  });
  const edited = editText(text, edits);
  if (!edited.ok) throw new Error(edited.error);
  return edited.value;
}

const targetV1alpha1 = `# Who may call the store.
apiVersion: access.smi-spec.io/v1alpha1 # old
kind: TrafficTarget
metadata:
  name: "buyer-to-store"
# the store
destination:
  kind: ServiceAccount
  name: 'store' # its account
# what they may ask
specs:
- kind: HTTPRouteGroup
  name: pages
  matches: [read, write]
# who may ask
sources:
- kind: ServiceAccount
  name: buyer
# the end
`;

const targetV1alpha3 = `# Who may call the store.
apiVersion: access.smi-spec.io/v1alpha3 # old
kind: TrafficTarget
metadata:
  name: "buyer-to-store"
spec:
  # the store
  destination:
    kind: ServiceAccount
    name: 'store' # its account
  # what they may ask
  rules:
  - kind: HTTPRouteGroup
    name: pages
    matches: [read, write]
  # who may ask
  sources:
  - kind: ServiceAccount
    name: buyer
# the end
`;

describe('edited YAML', () => {
  test('fields that move take their comments along, there and back', () => {
    expect(converted(targetV1alpha1, 'v1alpha3')).toBe(targetV1alpha3);
    expect(converted(targetV1alpha3, 'v1alpha1')).toBe(targetV1alpha1);
  });

  test('only the version changes when nothing else does, whatever the style', () => {
    const text = `%YAML 1.2
---
{  apiVersion : "split.smi-spec.io/v1alpha2",   # first
   "kind": TrafficSplit, metadata: { name: x },
   spec: {service: web,
     backends: [ {service: a,   weight: 1} ] } }
...
`;
    expect(converted(text, 'v1alpha4')).toBe(text.replace('v1alpha2', 'v1alpha4'));
  });

  test('other documents of the file stay byte for byte', () => {
    const other = `kind:   ConfigMap\napiVersion: v1\nmetadata: {name:   odd}\ndata:\n    text: |\n        ---\n         a: b\n`;
    const text = `${other}---\n# two\n\n${targetV1alpha1}---\n\n---\n${other}`;
    expect(converted(text, 'v1alpha3')).toBe(`${other}---\n# two\n\n${targetV1alpha3}---\n\n---\n${other}`);
  });

  test('items of a list are edited where they are', () => {
    const text = `apiVersion: v1
kind: List
items:
    # a route
    - apiVersion: specs.smi-spec.io/v1alpha2
      kind: HTTPRouteGroup
      metadata:
          name: pages
      matches:
          - name: read # books
            pathRegex: /books
`;
    expect(converted(text, 'v1alpha4')).toBe(`apiVersion: v1
kind: List
items:
    # a route
    - apiVersion: specs.smi-spec.io/v1alpha4
      kind: HTTPRouteGroup
      metadata:
          name: pages
      spec:
          matches:
              - name: read # books
                pathRegex: /books
`);
  });

  test('lines keep their ends', () => {
    const text = targetV1alpha1.replaceAll('\n', '\r\n');
    expect(converted(text, 'v1alpha3')).toBe(targetV1alpha3.replaceAll('\n', '\r\n'));
  });

  test('JSON stays JSON, with its indentation and order of keys', () => {
    const object = {
      kind: 'TCPRoute',
      apiVersion: 'specs.smi-spec.io/v1alpha2',
      metadata: { name: 'database', labels: { a: 'b' } },
    };
    expect(converted(JSON.stringify(object, null, 4), 'v1alpha4')).toBe(
      JSON.stringify(
        { ...object, apiVersion: 'specs.smi-spec.io/v1alpha4', spec: { matches: { ports: [] } } },
        null,
        4,
      ),
    );
  });

  test('an alias is written out where it would change', () => {
    const text = `apiVersion: split.smi-spec.io/v1alpha1
kind: TrafficSplit
metadata: {name: canary}
spec:
  service: web
  backends:
  - service: a
    weight: &half 500m
  - service: b
    weight: *half
`;
    const [document] = readSourceText('file.yaml', converted(text, 'v1alpha4')).documents;
    const weights = [
      { service: 'a', weight: 1 },
      { service: 'b', weight: 1 },
    ];
    expect(document?.object.spec).toEqual({ service: 'web', backends: weights });
  });

  test('any object of any version reads as the converted one', () => {
    const cases = generatedKinds.flatMap(({ group, versions, of }) =>
      versions.map((version) =>
        fc.record({ object: of(version), to: fc.constantFrom(...versions), group: fc.constant(group) }),
      ),
    );
    fc.assert(
      fc.property(fc.oneof(...cases), fc.nat(8), ({ object, to, group }, flowLevel) => {
        const text = dump(object, { flowLevel: flowLevel - 1 });
        const wanted = convertObject(object, `${group}/${to}`);
        const [read] = readSourceText('file.yaml', converted(text, to)).documents;
        expect(wanted.ok && wanted.value).toEqual(read?.object);
      }),
      { numRuns: 1000 },
    );
  });
});
