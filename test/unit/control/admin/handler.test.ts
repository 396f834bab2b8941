import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AdminHandler } from '../../../../src/control/admin/contract.ts';
import { createAdminHandler } from '../../../../src/control/admin/handler.ts';
import type { AdminSource } from '../../../../src/control/admin/source.ts';
import { RefusalTracker } from '../../../../src/control/refusals/tracker.ts';
import { RolloutTracker } from '../../../../src/control/rollouts/tracker.ts';

const nothing = () => {};
const gone = new AbortController().signal;

let rollouts: RolloutTracker;
let handler: AdminHandler;
beforeEach(() => {
  rollouts = new RolloutTracker({});
  const source: AdminSource = {
    rollouts,
    refusals: new RefusalTracker({
      find: () => {
        throw new Error('nothing is refused here');
      },
      onRefused: nothing,
      onOver: nothing,
    }),
    proxies: () => [],
    proxiesOf: () => [],
    dataPlaneOf: () => '',
    contentOf: nothing,
    objectsOf: () => [],
    workloads: () => ['default/shop'],
    tapTargets: () => [{ workload: 'default/shop', addresses: ['127.0.0.2'], owners: [], services: [] }],
    locate: ({ object, path }) => (path === '' ? undefined : { file: `${object}.yaml`, line: 3, column: 1 }),
    look: () => Promise.resolve(),
    errors: () => [],
    findObject: () => undefined,
    lastChange: () => 0,
    metrics: () => 'smi_up 1\n',
  };
  handler = createAdminHandler(source);
});
afterEach(() => rollouts.stop());

async function ask(target: string, method = 'GET', signal = gone) {
  const { pathname: path, searchParams: query } = new URL(target, 'http://socket');
  const { status, body } = await handler({ method, path, query, gone: signal });
  return { status, body };
}

const publish = () =>
  rollouts.published({ generation: 1, cause: 'files', changed: [], startedAt: 0, compiledAt: 0, savedAt: 0 });

describe('questions to a control plane', () => {
  it.each([
    ['/healthz', 'ok\n'],
    ['/metrics', 'smi_up 1\n'],
    ['/proxies', '{"proxies":[],"absent":["default/shop"]}\n'],
    ['/rollouts', '{"rollouts":[]}\n'],
    ['/targets', '{"targets":[{"workload":"default/shop","addresses":["127.0.0.2"],"owners":[],"services":[]}]}\n'],
    ['/locate?object=a&path=spec', '{"location":{"file":"a.yaml","line":3,"column":1}}\n'],
    ['/locate?object=a', '{}\n'],
  ])('%s is answered', async (target, body) => {
    expect(await ask(target)).toEqual({ status: 200, body });
  });

  it.each([
    ['POST', '/proxies', 405],
    ['GET', '/', 404],
    ['GET', '/secrets', 404],
    ['GET', '/healthz/more', 404],
    ['GET', '/proxies/default%2Fnobody', 404],
    ['GET', '/diff/%', 404],
    ['GET', '/wait?timeout=soon', 400],
    ['GET', '/wait?timeout=-1', 400],
    ['GET', '/wait?timeout=3600000', 400],
    ['GET', `/wait?${'object=a/b&'.repeat(51)}`, 400],
  ])('%s %s is refused with %i', async (method, target, status) => {
    expect((await ask(target, method)).status).toBe(status);
  });

  it('wait until something is published, or the time is over', async () => {
    expect(JSON.parse((await ask('/wait?timeout=1')).body)).toMatchObject({ outcome: 'waiting', connected: 0 });
    const waiting = ask('/wait?timeout=60000');
    setImmediate(publish);
    expect(JSON.parse((await waiting).body)).toMatchObject({ outcome: 'landed', rollout: { generation: 1 } });
  });

  it('wait in bounded number, and no longer than somebody listens', async () => {
    const listeners = new AbortController();
    const waiting = Array.from({ length: 32 }, () => ask('/wait?timeout=60000', 'GET', listeners.signal));
    expect((await ask('/wait?timeout=60000')).status).toBe(429);
    listeners.abort();
    expect((await Promise.all(waiting)).every(({ status }) => status === 200)).toBe(true);
    expect((await ask('/wait?timeout=0')).status).toBe(200);
  });

  it('about objects that were never there say so', async () => {
    const { body } = await ask('/wait?object=TrafficSplit/nothing&timeout=60000');
    expect(JSON.parse(body)).toMatchObject({ outcome: 'unknown-object', unknown: ['TrafficSplit/nothing'] });
  });
});
