import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { usageOf } from '../../../bench/processor-time.ts';

test('the work of a child process counts for its parent, while it runs and after it ended', async () => {
  const busy = 'const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end);';
  const program = `const { spawn } = require('node:child_process');
    spawn(process.execPath, ['-e', ${JSON.stringify(`${busy} console.log('worked'); process.stdin.resume();`)}],
      { stdio: ['inherit', 'inherit', 'inherit'] }).on('exit', () => { console.log('ended'); setInterval(() => {}, 1000); });`;
  const parent = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(parent.stdout, 'data');
    const running = usageOf(parent.pid ?? 0);
    parent.stdin.end();
    await once(parent.stdout, 'data');
    const ended = usageOf(parent.pid ?? 0);
    expect(running.cpuMicros).toBeGreaterThanOrEqual(300_000);
    expect(ended.cpuMicros).toBeGreaterThanOrEqual(300_000);
    expect(running.rssBytes).toBeGreaterThan(ended.rssBytes);
  } finally {
    parent.kill('SIGKILL');
  }
});

test('a process that is gone has used nothing', () => {
  expect(usageOf(2 ** 22 + 1)).toEqual({ cpuMicros: 0, rssBytes: 0 });
});
