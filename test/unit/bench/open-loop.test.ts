import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { runProgram } from '../../../bench/data-plane/load/program.ts';
import type { OpenLoopOptions, OpenLoopResult } from '../../../bench/data-plane/programs/open-loop.ts';

test('a stall is seen by every request that was due meanwhile', async () => {
  const stallMillis = 1500;
  let answered = 0;
  const server = createServer((_, response) => {
    // Past the uncounted start: the server stands still once.
    if (++answered === 300) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMillis);
    response.end('ok');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const options: OpenLoopOptions = { kind: 'http1', port, host: 'test', rate: 200, seconds: 2 };
    const place = { taskset: 'taskset', cores: '0' };
    const { micros, failures } = await runProgram<OpenLoopOptions, OpenLoopResult>(place, 'open-loop.ts', options);
    expect(failures).toBe(0);
    expect(micros).toHaveLength(400);
    // A client that waits for each answer would have seen a single slow request.
    expect(micros.filter((latency) => latency > (stallMillis / 2) * 1000).length).toBeGreaterThan(50);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}, 60_000);
