import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Desired, desiredObjects } from '../../../../../src/control/cluster/bridge/desired.ts';
import { ObjectWriter } from '../../../../../src/control/cluster/bridge/object-writer.ts';
import type { LiveObject, TargetKey, TargetObjects } from '../../../../../src/control/cluster/bridge/target-objects.ts';
import { createLog } from '../../../../../src/control/cluster/log.ts';
import { diagnostic } from '../../../../../src/diagnostics/diagnostic.ts';
import type { Connection } from '../../../../../src/kubernetes-client/connect.ts';
import { err, ok } from '../../../../../src/lib/result.ts';

const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name: 'a' } };
const [key, wanted] = [...desiredObjects('maps', [{ name: 'a', format: 'kubernetes', body, origins: [] }])][0] as [
  TargetKey,
  Desired,
];
const live: LiveObject = { path: '/a', uid: 'u1', resourceVersion: '7', content: 'ours' };

let lines: string[];
beforeEach(() => {
  lines = [];
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A writer in a cluster of one object, whose answers to a DELETE are those that are given. */
function writer({ dryRun = false, status }: { readonly dryRun?: boolean; readonly status?: number } = {}) {
  const own = new Map<TargetKey, LiveObject>([[key, live]]);
  const sent: string[] = [];
  const connection = {
    context: 'test',
    get: async () => ok(undefined),
    send: async (method: string) => {
      sent.push(method);
      if (method !== 'DELETE' || status === undefined) return ok({});
      return err({ diagnostic: diagnostic('SMI1010', { message: 'no' }), status });
    },
  } as Connection;
  const objects = { own, pathOf: () => '/a', put: () => own.set(key, live) } as unknown as TargetObjects;
  const target = {
    id: 'maps',
    kinds: [],
    adopt: false,
    dryRun,
    translate: async () => ({ artifacts: [], findings: [], refusals: [] }),
  };
  const log = createLog('info', (line) => lines.push(line));
  return { writer: new ObjectWriter(connection, objects, target, log), sent, own };
}

test('what cannot be removed, or does not go, is tried less and less often', async () => {
  for (const status of [403, undefined]) {
    const { writer: one, sent } = writer(status === undefined ? {} : { status });
    for (let second = 0; second < 120; second += 1) {
      await one.remove(key, live);
      vi.advanceTimersByTime(1_000);
    }
    expect(sent.length).toBeGreaterThan(3);
    expect(sent.length).toBeLessThan(10);
  }
});

test('a dry run says once what it would remove', async () => {
  const { writer: one } = writer({ dryRun: true });
  for (let time = 0; time < 5; time += 1) await one.remove(key, live);
  expect(lines).toHaveLength(1);
  await one.remove(key, { ...live, resourceVersion: '8' });
  expect(lines).toHaveLength(2);
});

test('who keeps undoing what is written is answered once a minute in the end', async () => {
  const { writer: one, sent, own } = writer();
  for (let second = 0; second < 600; second += 1) {
    if (one.isDue(key, wanted)) await one.apply(key, wanted);
    own.set(key, { ...live, content: `theirs ${second}` });
    vi.advanceTimersByTime(1_000);
  }
  expect(sent.length).toBeLessThan(20);
});
