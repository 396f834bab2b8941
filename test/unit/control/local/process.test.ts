import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type Guard, startGuard } from '../../../../src/control/local/guard.ts';
import { ManagedProcess, type ProcessEvent } from '../../../../src/control/local/process.ts';

const patience = { timeout: 20_000, interval: 20 };
const running: { process: ManagedProcess; guard: Guard }[] = [];
afterEach(async () => {
  for (const { process, guard } of running.splice(0)) {
    await process.stop();
    await guard.close();
  }
});

function run(script: string, options: { secret?: string; graceMillis?: number } = {}) {
  const lines: string[] = [];
  const events: ProcessEvent[] = [];
  const guard = startGuard();
  const managed = new ManagedProcess({
    guard,
    graceMillis: options.graceMillis ?? 5_000,
    launch: () =>
      Promise.resolve({
        command: [process.execPath, '-e', script],
        cwd: process.cwd(),
        env: { PATH: process.env.PATH ?? '' },
        ...(options.secret === undefined ? {} : { secret: options.secret }),
      }),
    onLine: (line) => lines.push(line),
    onEvent: (event) => events.push(event),
  });
  running.push({ process: managed, guard });
  managed.start();
  return { managed, lines, events };
}

const exists = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('a managed process', () => {
  test('has its output cut into lines, the last one without an end too', async () => {
    const { lines } = run("process.stdout.write('one\\r\\ntwo\\nthr'); process.stdout.write('ee')");
    await vi.waitFor(() => expect(lines.slice(0, 3)).toEqual(['one', 'two', 'three']), patience);
  });

  test('is started again after it ends, later each time', async () => {
    const { events } = run('process.exit(3)');
    await vi.waitFor(() => expect(events.filter(({ kind }) => kind === 'started').length).toBeGreaterThan(2), patience);
    const retries = events.flatMap((event) => (event.kind === 'exited' ? [event] : []));
    expect(retries[0]).toMatchObject({ reason: 'code 3' });
    expect(retries[1]!.retryMillis).toBeGreaterThan(retries[0]!.retryMillis);
  });

  test('reads its secret from descriptor 3', async () => {
    const { lines } = run("console.log(require('fs').readFileSync(3, 'utf8'))", { secret: 'hush' });
    await vi.waitFor(() => expect(lines).toContain('hush'), patience);
  });

  test('is killed when it does not end in time, with what it started', async () => {
    const child = "require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']).pid";
    const { managed, lines } = run(
      `process.on('SIGTERM', () => {}); console.log(${child}); setInterval(() => {}, 1000)`,
      { graceMillis: 100 },
    );
    await vi.waitFor(() => expect(lines).toHaveLength(1), patience);
    const [leader, grandchild] = [managed.pid!, Number(lines[0])];
    await managed.stop();
    expect(exists(leader)).toBe(false);
    await vi.waitFor(() => expect(exists(grandchild)).toBe(false), patience);
  });

  test('whose program does not exist is reported and tried again', async () => {
    const guard = startGuard();
    const events: ProcessEvent[] = [];
    const managed = new ManagedProcess({
      guard,
      graceMillis: 100,
      launch: () => Promise.resolve({ command: ['/no/such/program'], cwd: '/', env: {} }),
      onLine: () => undefined,
      onEvent: (event) => events.push(event),
    });
    running.push({ process: managed, guard });
    managed.start();
    await vi.waitFor(() => expect(events.filter(({ kind }) => kind === 'failed').length).toBeGreaterThan(1), patience);
  });
});

test('nothing that was started outlives a supervisor that is killed', async () => {
  const source = resolve('src/control/local');
  const script = `
    import { startGuard } from '${source}/guard.ts';
    import { ManagedProcess } from '${source}/process.ts';
    const managed = new ManagedProcess({
      guard: startGuard(), graceMillis: 1000, onLine: () => {}, onEvent: (e) => console.log(e.pid),
      launch: async () => ({ command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'], cwd: '/', env: {} }),
    });
    managed.start();`;
  const supervisor = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = (await once(supervisor.stdout, 'data')) as [Buffer];
  const pid = Number(output.toString());
  expect(exists(pid)).toBe(true);
  supervisor.kill('SIGKILL');
  await vi.waitFor(() => expect(exists(pid)).toBe(false), patience);
});
