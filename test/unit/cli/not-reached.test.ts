import { describe, expect, test } from 'vitest';
import { controlPlaneOf } from '../../../src/cli/control-plane/ask.ts';
import { replicasOver } from '../../../src/cli/control-plane/replicas.ts';
import { askForTraffic } from '../../../src/cli/traffic/ask.ts';
import { Unreachable } from '../../../src/cli/unreachable.ts';
import type { StreamingConnection } from '../../../src/kubernetes-client/connect.ts';
import { ok } from '../../../src/lib/result.ts';

/** Nothing listens there. */
const nowhere = 'http://127.0.0.1:9';

async function failureOf(promise: Promise<unknown>) {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Unreachable)) throw new Error(`not unreachable: ${error}`);
  return error.diagnostic;
}

describe('the next step, where a control plane is not reached', () => {
  const here = { folder: '.', state: 'test/fixtures', namespace: '' };

  test('of a folder is to start it', async () => {
    const { code, hint } = await failureOf((await controlPlaneOf(here)).ask('/proxies'));
    expect(code).toBe('SMI6111');
    expect(hint).toContain('`smi-cli up`');
  });

  test('of a cluster is to check it', async () => {
    const empty = { get: async () => ok({ items: [] }) } as unknown as StreamingConnection;
    const { code, message, hint } = await failureOf(replicasOver(empty, 'mesh').ask('/proxies', 1_000));
    expect(code).toBe('SMI6111');
    expect(message).toContain('no controller in namespace mesh is ready');
    expect(hint).toContain('`smi-cli check`');
    expect(hint).not.toContain('smi-cli up');
  });

  test('of a Prometheus is to look at its address', async () => {
    const ask = await askForTraffic({ by: 'pods', only: 'edges' }, { ...here, window: 30_000, prometheus: nowhere });
    const { code, hint } = await failureOf(ask());
    expect(code).toBe('SMI6111');
    expect(hint).toContain('`--prometheus`');
    expect(hint).not.toContain('smi-cli up');
  });
});
