import { describe, expect, test } from 'vitest';
import { shippedDefinitions } from '../../../src/webhooks/cluster/definition.ts';
import { planDefinition } from '../../../src/webhooks/cluster/definition-plan.ts';

const shipped = shippedDefinitions().find(({ spec }) => spec.names.kind === 'TrafficSplit');
if (shipped === undefined) throw new Error('no TrafficSplit is shipped');
const names = { kind: 'TrafficSplit', plural: 'trafficsplits' };

/** A definition as a cluster has it. */
function live(changes: { metadata?: object; spec?: object; stored?: readonly string[] } = {}) {
  const versions = [{ name: 'v1alpha2', served: true, storage: true }];
  return {
    metadata: { name: 'trafficsplits.split.smi-spec.io', ...changes.metadata },
    spec: { group: 'split.smi-spec.io', scope: 'Namespaced', names, versions, ...changes.spec },
    status: { storedVersions: changes.stored ?? ['v1alpha2'] },
  };
}

const plan = (found: ReturnType<typeof live> | undefined) => planDefinition(shipped, found, '1.2.0');
const ours = { labels: { 'app.kubernetes.io/part-of': 'smi-mesh' } };
const appliedBy = (release: string) => ({ annotations: { 'smi-mesh.io/applied-by': release } });
const webhook = (clientConfig: object) => ({ conversion: { strategy: 'Webhook', webhook: { clientConfig } } });

test('one that is missing, ours, or of another project without conversion is applied', () => {
  expect(plan(undefined)).toEqual({ action: 'apply' });
  expect(plan(live({ metadata: ours }))).toEqual({ action: 'apply' });
  expect(plan(live())).toEqual({ action: 'apply' });
  expect(plan(live({ spec: { conversion: { strategy: 'None' } } }))).toEqual({ action: 'apply' });
});

test('one of a Helm release is applied, with the caveat that its removal is not ours to prevent', () => {
  const metadata = { annotations: { 'meta.helm.sh/release-name': 'linkerd-smi' } };
  expect(plan(live({ metadata }))).toMatchObject({ action: 'apply', caveat: expect.stringContaining('linkerd-smi') });
});

describe('is left alone', () => {
  test.each([
    ['of a newer release', live({ metadata: appliedBy('1.10.0') }), '1.10.0'],
    [
      'with a version that we do not know',
      live({ spec: { versions: [{ name: 'v1beta1', storage: true }] } }),
      'v1beta1',
    ],
    ['with objects stored in a version that we do not know', live({ stored: ['v1alpha2', 'v0'] }), 'v0'],
    ['of another scope', live({ spec: { scope: 'Cluster' } }), 'Cluster'],
    ['of another kind', live({ spec: { names: { ...names, kind: 'Split' } } }), 'Split'],
    ['that is being deleted', live({ metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' } }), 'deleted'],
    [
      'whose objects another project converts',
      live({ spec: webhook({ service: { namespace: 'osm-system', name: 'osm-bootstrap' } }) }),
      'osm-system/osm-bootstrap',
    ],
  ])('one %s', (_, found, because) => {
    expect(plan(found)).toMatchObject({ action: 'leave', because: expect.stringContaining(because) });
  });
});

test('that of an older or the same release is brought up to date, whoever converted before', () => {
  const spec = webhook({ url: 'https://elsewhere' });
  expect(plan(live({ metadata: appliedBy('1.2.0'), spec }))).toEqual({ action: 'apply' });
  expect(plan(live({ metadata: appliedBy('1.2.0-rc.1'), spec }))).toEqual({ action: 'apply' });
});
