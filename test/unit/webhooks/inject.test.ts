import { describe, expect, it } from 'vitest';
import { defaultInjectionSettings, defaultMeshIdentity } from '../../../src/injection/settings.ts';
import { podAnnotations } from '../../../src/kubernetes/names.ts';
import type { Fields } from '../../../src/lib/values.ts';
import type { AdmissionRequest } from '../../../src/webhooks/admission.ts';
import { createInjector } from '../../../src/webhooks/inject.ts';

const inject = createInjector({ settings: defaultInjectionSettings, mesh: defaultMeshIdentity });

function ask(metadata: Fields, others: Partial<AdmissionRequest> = {}) {
  return inject({
    uid: '1',
    operation: 'CREATE',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    namespace: 'shop',
    object: { metadata, spec: { containers: [{ name: 'web', image: 'web' }] } },
    dryRun: false,
    ...others,
  });
}

describe('the webhook that injects', () => {
  it('patches a pod that the apiserver asks about', async () => {
    const { patch, refusal } = await ask({ generateName: 'web-' });
    expect(refusal).toBeUndefined();
    expect(patch?.map(({ path }) => path)).toEqual([
      '/metadata/annotations',
      ...['/spec/initContainers', '/spec/containers', '/spec/volumes'],
    ]);
  });

  it('refuses with code, field and next step', async () => {
    const { patch, refusal } = await ask({ annotations: { [podAnnotations.excludeUids]: 'root' } });
    expect(patch).toBeUndefined();
    expect(refusal).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(refusal?.message).toMatch(
      /^SMI6201 metadata\.annotations\["smi-mesh\.io\/exclude-uids"\]: .* Write the value/,
    );
  });

  it('warns of an annotation that nobody reads, and injects', async () => {
    const { patch, warnings } = await ask({ annotations: { 'smi-mesh.io/exclude-uid': '1' } });
    expect(patch).toBeDefined();
    expect(warnings).toEqual([expect.stringMatching(/^SMI4516 metadata\.annotations.*Did you mean .*exclude-uids\?/)]);
  });

  it.each([
    ['a pod that opts out', { labels: { 'smi-mesh.io/inject': 'disabled' } }, {}],
    ['the cluster itself', {}, { namespace: 'kube-system' }],
    ['a subresource', {}, { subResource: 'ephemeralcontainers' }],
    ['a change', {}, { operation: 'UPDATE' }],
    ['another kind', {}, { kind: { group: 'apps', version: 'v1', kind: 'Deployment' } }],
  ] as const)('leaves alone %s', async (_what, metadata, others) => {
    expect(await ask(metadata, others)).toEqual({});
  });
});
