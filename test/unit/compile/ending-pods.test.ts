import { describe, expect, it } from 'vitest';
import { assemble } from '../../../src/compile/assemble.ts';
import type { PodObject } from '../../../src/kubernetes/types.ts';
import type { WorkloadId } from '../../../src/model/types.ts';
import { readSourceText } from '../../../src/source/read.ts';
import { compile, pod, service } from '../../support/objects.ts';

const ending = (name: string, app = name): PodObject => ({ ...pod(name, { app, ready: false }), ends: true });

describe('a pod that is being deleted and still serves', () => {
  const readyOf = (pods: readonly PodObject[], names: readonly string[], services = [service('web')]) => {
    const { model } = compile({ services, pods });
    return names.map((name) => model.workloads[`default/${name}` as WorkloadId]?.ready);
  };

  it('is called where nobody else is ready', () => {
    expect(readyOf([ending('old', 'web')], ['old'])).toEqual([true]);
    const unready = pod('new', { app: 'web', ready: false });
    expect(readyOf([ending('old', 'web'), unready], ['old', 'new'])).toEqual([true, false]);
  });

  it('is not where somebody is', () => {
    expect(readyOf([ending('old', 'web'), pod('new', { app: 'web', ready: true })], ['old', 'new'])).toEqual([
      false,
      true,
    ]);
  });

  it('is when one of its Services has nobody else', () => {
    const labelled = (one: PodObject, version: string): PodObject => {
      return { ...one, meta: { ...one.meta, labels: { ...one.meta.labels, version } } };
    };
    const two = { ...service('two', { ports: ['80:8080'] }), selector: { version: 'two' } };
    const pods = [labelled(ending('old', 'web'), 'two'), labelled(pod('one', { app: 'web', ready: true }), 'one')];
    expect(readyOf(pods, ['old'], [service('web'), two])).toEqual([true]);
    expect(readyOf(pods, ['old'])).toEqual([false]);
  });

  it('is none without a Service', () => {
    expect(readyOf([ending('old')], ['old'], [])).toEqual([false]);
  });
});

it('a pod ends that is ready and has a time of deletion', () => {
  const decoded = (metadata: string, status: string) => {
    const text = `{ apiVersion: v1, kind: Pod, metadata: { name: a${metadata} }, spec: { containers: [] }, status: ${status} }`;
    const { ready, ends } = assemble(readSourceText('a.yaml', text).documents).input.pods[0] ?? {};
    return { ready, ends };
  };
  const good = '{ phase: Running, conditions: [{ type: Ready, status: "True" }] }';
  const deleted = ', deletionTimestamp: "2026-01-01T00:00:00Z"';
  expect(decoded('', good)).toEqual({ ready: true, ends: undefined });
  expect(decoded(deleted, good)).toEqual({ ready: false, ends: true });
  expect(decoded(deleted, '{ phase: Running }')).toEqual({ ready: false, ends: undefined });
});
