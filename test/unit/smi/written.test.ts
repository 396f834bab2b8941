import { describe, expect, test } from 'vitest';
import { parseFieldPath } from '../../../src/lib/field-path.ts';
import { locateWritten, writtenPath } from '../../../src/smi/written.ts';
import { readSourceText } from '../../../src/source/read.ts';

const oldTarget = `apiVersion: access.smi-spec.io/v1alpha1
kind: TrafficTarget
metadata:
  name: shop
destination:
  kind: ServiceAccount
  name: shop
  port: 80
specs:
  - kind: HTTPRouteGroup
    name: shop
    matches:
      - browse
sources: []
`;

const headersInList = `apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata:
  name: shop
spec:
  matches:
    - name: browse
      headers:
        - x-a: "1"
        - x-b: "2"
`;

function place(text: string, path: string): string | undefined {
  const set = locateWritten(readSourceText('a.yaml', text));
  const location = set.locate({ object: set.documents[0]!.key, path });
  return text.split('\n')[location!.line - 1]?.slice(location!.column - 1);
}

describe('a field of the hub is found where it was written', () => {
  test.each([
    ['spec.rules[0].matches[0]', 'browse'],
    ['spec.rules[0].name', 'shop'],
    ['spec.rules', 'specs:'],
    ['spec.destination.port', '80'],
    ['spec.sources', 'sources: []'],
    ['specs[0].kind', 'HTTPRouteGroup'],
    ['metadata.name', 'shop'],
    ['apiVersion', 'access.smi-spec.io/v1alpha1'],
  ])('%s of TrafficTarget v1alpha1 is at %s', (path, text) => {
    expect(place(oldTarget, path)).toBe(text);
  });

  test('of HTTPRouteGroups without spec', () => {
    const [top = '', spec = ''] = headersInList.replace('v1alpha4', 'v1alpha2').split('spec:\n');
    const old = top + spec.replaceAll(/^ {2}/gm, '');
    expect(place(old, 'spec.matches[0].name')).toBe('browse');
    expect(place(old, 'spec.matches[0].headers.x-b')).toBe('"2"');
  });

  test('of headers in a list, by either path', () => {
    expect(place(headersInList, 'spec.matches[0].headers.x-b')).toBe('"2"');
    expect(place(headersInList, 'spec.matches[0].headers[0].x-a')).toBe('"1"');
    expect(place(headersInList, 'spec.matches[0].headers')).toBe('headers:');
    expect(place(headersInList, 'spec.matches[0].headers.x-c')).toBe('headers:');
  });

  test('of the newest version, and of objects that are none of SMI, as before', () => {
    const service = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\nports: []\n';
    expect(place(service, 'spec.ports')).toBe('shop');
    expect(place(headersInList, 'spec.matches[0].name')).toBe('browse');
  });
});

test('an object of an old version that has a wrong spec shows it', () => {
  const text = oldTarget.replace('specs:', 'spec: {}\nspecs:');
  const [document] = readSourceText('a.yaml', text).documents;
  expect(writtenPath(document!, parseFieldPath('spec'))).toEqual(['spec']);
});
