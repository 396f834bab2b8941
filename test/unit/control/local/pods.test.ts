import { describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../../../src/control/local/local-pod.ts';
import { localReplicaLimit, planPods } from '../../../../src/control/local/pods.ts';
import { container, deployment, service } from './fixtures.ts';

describe('the plan of pods', () => {
  test('has a pod for each replica, with an address of its own, not ready', () => {
    const { pods } = planPods([], [deployment('web', { replicas: 2 }), deployment('db')], [], 40);
    expect(pods.map(({ meta }) => meta.name)).toEqual(['web-0', 'web-1', 'db-0']);
    expect(new Set(pods.flatMap(({ ips }) => ips)).size).toBe(3);
    expect(pods.every(({ ips, ready }) => ips[0]?.startsWith('127.40.') && ready === false)).toBe(true);
  });

  test('leaves out a Deployment without a command and says so at its container', () => {
    const image = deployment('image', { containers: [container(), container({ image: 'nginx', command: [] })] });
    const { pods, diagnostics } = planPods([], [image, deployment('web')], [], 40);
    expect(pods.map(({ meta }) => meta.name)).toEqual(['web-0']);
    expect(diagnostics).toMatchObject([
      { code: 'SMI6101', origin: { object: image.meta.key, path: 'spec.template.spec.containers[1]' } },
    ]);
    expect(diagnostics[0]?.message).toContain('nginx');
  });

  test('limits replicas and says so', () => {
    const { pods, diagnostics } = planPods([], [deployment('web', { replicas: 5_000 })], [], 40);
    expect(pods).toHaveLength(localReplicaLimit);
    expect(diagnostics.map(({ code }) => code)).toEqual(['SMI6102']);
  });

  test('runs a pod on unchanged when another Deployment or a Service comes', () => {
    const before = planPods([], [deployment('web')], [], 40).pods;
    const after = planPods(before, [deployment('api'), deployment('web')], [service('web', 80)], 40).pods;
    const web = after.find(({ meta }) => meta.name === 'web-0');
    expect(web && fingerprintOf(web)).toBe(before[0] && fingerprintOf(before[0]));
  });

  test.each([
    ['its command', container({ command: ['node', 'other.mjs'] })],
    ['its environment', container({ env: [{ name: 'RATE', value: '7' }] })],
  ])('replaces a pod when %s changes', (_, changed) => {
    const before = planPods([], [deployment('web')], [], 40).pods;
    const after = planPods(before, [deployment('web', { containers: [changed] })], [], 40).pods;
    expect(after[0] && fingerprintOf(after[0])).not.toBe(before[0] && fingerprintOf(before[0]));
  });
});
