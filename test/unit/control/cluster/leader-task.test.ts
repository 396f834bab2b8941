import { expect, test } from 'vitest';
import { runLeaderTasks } from '../../../../src/control/cluster/leader-task.ts';
import type { StreamingConnection } from '../../../../src/kubernetes-client/connect.ts';

const connection = {} as StreamingConnection;

test('a task that fails is run again, beside the others, until the leader steps down', async () => {
  const leading = new AbortController();
  const failures: string[] = [];
  let runs = 0;
  let others = 0;
  await runLeaderTasks(
    [
      {
        name: 'failing',
        run: async () => {
          runs += 1;
          if (runs < 4) throw new Error(`run ${runs}`);
          leading.abort();
        },
      },
      {
        name: 'other',
        run: async (_, signal) => {
          others += 1;
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        },
      },
    ],
    connection,
    leading.signal,
    {
      backoff: [1, 2],
      onFailure: ({ name }, error) => failures.push(`${name}: ${(error as Error).message}`),
    },
  );
  expect(failures).toEqual(['failing: run 1', 'failing: run 2', 'failing: run 3']);
  expect(others).toBe(1);
});
