import { describe, expect, it } from 'vitest';
import { injectDocuments } from '../../../src/injection/documents.ts';
import { parseSource } from '../../../src/source/parse.ts';
import { contextWith } from './support.ts';

function inject(text: string) {
  const result = injectDocuments(parseSource('shop.yaml', text).documents, contextWith());
  return { ...result, text: result.documents.map(({ object }) => JSON.stringify(object)).join('\n') };
}

const pod = (indent: number) =>
  ['spec:', '  containers: [{ name: web, image: web }]'].map((line) => ' '.repeat(indent) + line).join('\n');

describe('manifests', () => {
  it.each([
    ['v1', 'Pod', '', 0],
    ['apps/v1', 'Deployment', 'spec:\n  template:\n', 4],
    ['apps/v1', 'StatefulSet', 'spec:\n  template:\n', 4],
    ['apps/v1', 'DaemonSet', 'spec:\n  template:\n', 4],
    ['batch/v1', 'Job', 'spec:\n  template:\n', 4],
    ['batch/v1', 'CronJob', 'spec:\n  jobTemplate:\n    spec:\n      template:\n', 8],
    ['argoproj.io/v1alpha1', 'Rollout', 'spec:\n  template:\n', 4],
  ])('of %s %s get sidecars', (apiVersion, kind, path, indent) => {
    const { documents, text } = inject(
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: web }\n${path}${pod(indent)}\n`,
    );
    expect(documents.map(({ injected }) => injected)).toEqual([true]);
    expect(text).toContain('"smi-mesh.io/injected":"proxy"');
  });

  it('that make no pods stay the very same', () => {
    const text = 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80 }] }\n';
    const [document] = inject(text).documents;
    expect(document?.object).toBe(document?.document.object);
  });

  it('a Namespace among them that opts out counts', () => {
    const namespace =
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: quiet, labels: { smi-mesh.io/inject: disabled } }\n';
    const quiet = `apiVersion: v1\nkind: Pod\nmetadata: { name: web, namespace: quiet }\n${pod(0)}\n`;
    expect(inject(`${namespace}---\n${quiet}`).documents[1]).toMatchObject({ injected: false, skipped: 'opted-out' });
  });

  it('a fault stands at its line, and the object stays', () => {
    const text = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  template:\n    metadata:\n      annotations: { smi-mesh.io/exclude-uids: root }\n${pod(4)}\n`;
    const { documents, diagnostics } = inject(text);
    expect(diagnostics.map(({ code, origin }) => [code, origin?.path])).toEqual([
      ['SMI6201', 'spec.template.metadata.annotations["smi-mesh.io/exclude-uids"]'],
    ]);
    expect(documents.map(({ object, document }) => object === document.object)).toEqual([true]);
  });
});
