import { afterEach, expect, test, vi } from 'vitest';
import { runSuite } from '../../../src/cli/conformance/run.ts';

afterEach(() => {
  vi.restoreAllMocks();
  process.removeAllListeners('newListener');
});

test('a run that is stopped before its end has a status of its own, and says what it did not do', async () => {
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  }
  process.on('newListener', (name) => {
    if (name === 'SIGTERM') queueMicrotask(() => process.emit('SIGTERM'));
  });
  const options = { api: [], clause: [], case: /^split\/weights@/, target: 'simulated', output: 'text', report: [] };
  expect(await runSuite(options as unknown as Parameters<typeof runSuite>[0])).toBe(130);
  expect(written.stdout).toMatch(/^partial: 0 of \d+ cases passed/);
  expect(written.stdout).toContain('the run was stopped');
  expect(written.stderr).toBe('stopped: the cases that were left are skipped\n');
});
