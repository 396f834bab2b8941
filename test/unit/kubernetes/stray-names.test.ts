import { describe, expect, it } from 'vitest';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import { podAnnotations } from '../../../src/kubernetes/names.ts';
import { strayNames } from '../../../src/kubernetes/stray-names.ts';
import type { Fields } from '../../../src/lib/values.ts';

const place = { object: objectKey('', 'Pod', 'default', 'shop'), path: ['spec', 'template'] };
const found = (of: 'pod' | 'namespace', metadata: Fields) =>
  strayNames(metadata, of, place).map(({ code, hint, origin }) => [code, origin?.path, hint]);

describe('labels and annotations that nobody reads', () => {
  it.each([
    ['exclude-outbound-port', 'Did you mean smi-mesh.io/exclude-outbound-ports?'],
    ['inject', 'Write it as a label: metadata.labels.'],
    ['injekt', 'Did you mean the label smi-mesh.io/inject?'],
  ])('the annotation %s of a pod', (name, hint) => {
    const path = `spec.template.metadata.annotations["smi-mesh.io/${name}"]`;
    expect(found('pod', { annotations: { [`smi-mesh.io/${name}`]: 'enabled' } })).toEqual([['SMI4516', path, hint]]);
  });

  it('one that is like no other has the hint of its code', () => {
    expect(strayNames({ annotations: { 'smi-mesh.io/colour': 'x' } }, 'pod', place)[0]?.hint).toContain('injection.md');
  });

  it('a label of a namespace, and an annotation that pods alone have', () => {
    expect(found('namespace', { labels: { 'smi-mesh.io/injct': 'enabled' } })).toMatchObject([
      ['SMI4516', expect.anything(), 'Did you mean smi-mesh.io/inject?'],
    ]);
    expect(found('namespace', { annotations: { [podAnnotations.dataPlane]: 'envoy' } })).toHaveLength(1);
  });

  it('says nothing of those that are read, and of those of others', () => {
    const annotations = Object.fromEntries(Object.values(podAnnotations).map((name) => [name, 'x']));
    const labels = { 'smi-mesh.io/inject': 'enabled', app: 'shop' };
    expect(found('pod', { labels, annotations: { ...annotations, 'example.org/exclude': 'x' } })).toEqual([]);
    expect(found('namespace', { labels })).toEqual([]);
    expect(strayNames(undefined, 'pod', place)).toEqual([]);
  });
});
