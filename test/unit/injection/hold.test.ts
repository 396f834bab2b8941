import { describe, expect, it } from 'vitest';
import { containerOf, injected, podWith } from './support.ts';

const ports = [{ containerPort: 8_080 }];
const drained = { httpGet: { path: '/drained', port: 15_021, scheme: 'HTTP' } };
const hooksOf = (...pod: Parameters<typeof podWith>) => containerOf(injected(podWith(...pod)).pod, 'web').lifecycle;

describe('a pod that is deleted', () => {
  it('is kept for callers that do not know it yet, by a hook of its programs', () => {
    expect(hooksOf({ ports })).toEqual({ preStop: drained });
    const postStart = { exec: { command: ['true'] } };
    expect(hooksOf({ ports, lifecycle: { postStart } })).toEqual({ postStart, preStop: drained });
  });

  it('keeps every program that another may need', () => {
    const spec = { containers: [{ name: 'cache' }, { name: 'web', ports }] };
    const { pod } = injected({ metadata: { name: 'web' }, spec });
    expect(pod.spec.containers.map(({ lifecycle }) => lifecycle)).toEqual([{ preStop: drained }, { preStop: drained }]);
  });

  it('with a hook of its own keeps that', () => {
    const lifecycle = { preStop: { exec: { command: ['sleep', '5'] } } };
    expect(hooksOf({ ports, lifecycle })).toEqual(lifecycle);
  });

  it('without ports ends at once: nobody calls it', () => {
    expect(hooksOf()).toBeUndefined();
    expect(hooksOf({ ports: [] })).toBeUndefined();
  });

  it('keeps its programs beside an ordinary sidecar too', () => {
    const { pod } = injected(podWith({ ports }), { settings: { nativeSidecars: 'off' } });
    expect(containerOf(pod, 'web').lifecycle).toEqual({ preStop: drained });
  });
});
