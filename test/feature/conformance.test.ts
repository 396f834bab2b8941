import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runCli } from '../support/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'smi-conformance-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('smi-cli conformance', () => {
  test('runs cases against meshes of our proxy, and the report tells what it found', async () => {
    const file = join(folder, 'report.json');
    const filter = '^(split/weights@v1alpha4|access/default-deny|access/revoked)$';
    const args = ['conformance', 'run', '--target', 'local', '--case', filter, '--report', file];
    const { status, stdout, stderr } = await runCli(args, { timeout: 240_000 });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^success: 3 of 3 cases passed \(smi-mesh .*, local\)$/m);
    const report = JSON.parse(readFileSync(file, 'utf8'));
    expect(report).toMatchObject({ kind: 'ConformanceReport', mode: 'local', result: 'success' });
    const shown = await runCli(['conformance', 'report', file, '-o', 'markdown']);
    expect(shown.stdout).toContain('| TrafficTarget | full | 2/2 | 0/0 |');
  }, 300_000);

  test('lists cases by API, level, clause and name', async () => {
    const { stdout } = await runCli([
      'conformance',
      'list',
      '--api',
      'traffictarget',
      '--clause',
      'F-3',
      '--level',
      'core',
    ]);
    expect(stdout).toMatch(/^access\/revoked +core +F-3 A-1 A-2 +Deleting a TrafficTarget revokes/m);
    expect(stdout).not.toContain('split/');
  });

  test.each([
    [['run', '--api', 'TrafficSplt'], /did you mean TrafficSplit/],
    [['report', 'package.json'], /is not a conformance report/],
    [['list', '--suite', '/nonexistent'], /there is none in \/nonexistent: one comes with the npm package/],
  ])('%j is wrong use', async (args, message) => {
    const { status, stderr } = await runCli(['conformance', ...args]);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});
