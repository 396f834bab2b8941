import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../../support/run-cli.ts';

const bookstore = fileURLToPath(new URL('../../../examples/bookstore', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-diff-'));
  const git = (...argv: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...argv], { cwd: folder, stdio: 'ignore' });
  git('init', '-q');
  mkdirSync(join(folder, 'deploy/nested'), { recursive: true });
  cpSync(bookstore, join(folder, 'deploy'), { recursive: true });
  writeFileSync(join(folder, 'notes.yaml'), 'not: a manifest\n');
  git('add', '.');
  git('commit', '-q', '-m', 'before');
  git('tag', 'before');
  cpSync(join(folder, 'deploy'), join(folder, 'changed'), { recursive: true });
  const access = join(folder, 'changed/access.yaml');
  const thief = '  sources:\n    - kind: ServiceAccount\n      name: bookthief\n      namespace: default\n';
  writeFileSync(access, readFileSync(access, 'utf8').replace('  sources:\n', thief));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const diff = (...argv: string[]) => runCli(['diff', ...argv], { cwd: folder });

describe('smi-cli diff', () => {
  test('exits 0 when nothing changes, also between a revision and the files', async () => {
    for (const old of ['deploy', 'before:deploy', 'HEAD:./deploy', 'before:deploy/']) {
      const { status, stdout } = await diff(old, 'deploy');
      expect([old, status, stdout]).toEqual([old, 0, `no change: ${old} -> deploy\n`]);
    }
  });

  test('exits 1 for a change, with a request and the lines of both sides', async () => {
    const { status, stdout } = await diff('before:deploy', 'changed');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^\d+ widened, 1 other: before:deploy -> changed\n/);
    expect(stdout).toContain('widened  default/bookthief -> default/bookstore:14001');
    expect(stdout).toMatch(
      /before {2}denied\n +before:deploy\/access\.yaml:\d+ {2}TrafficTarget default\/buyer-to-bookstore/,
    );
    expect(stdout).toMatch(/after {3}allowed by default\/buyer-to-bookstore\n +changed\/access\.yaml:[\d,]+ /);
  });

  test('--only widened looks one way only', async () => {
    expect((await diff('deploy', 'changed', '--only', 'widened')).status).toBe(1);
    const back = await diff('changed', 'deploy', '--only', 'widened');
    expect([back.status, back.stdout]).toEqual([0, 'no change: changed -> deploy\n']);
    expect((await diff('changed', 'deploy')).status).toBe(1);
  });

  test('writes JSON with places', async () => {
    const { stdout } = await diff('deploy', 'changed', '-o', 'json');
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ before: 'deploy', after: 'changed', changed: true, widened: true });
    const [change] = report.changes;
    expect(change.effects).toEqual(['widened']);
    expect(change.example.after.request).toMatchObject({ kind: 'http', from: 'default/bookthief-0' });
    expect(change.example.after.origins.access[0]).toMatchObject({
      file: 'changed/access.yaml',
      line: expect.any(Number),
    });
  });

  test('writes Markdown whose table has as many cells in each row', async () => {
    const { stdout } = await diff('deploy', 'changed', '-o', 'markdown');
    const rows = stdout.split('\n').filter((line) => line.startsWith('|'));
    expect(rows.length).toBeGreaterThan(3);
    expect(new Set(rows.map((row) => row.replaceAll('\\|', '').split('|').length))).toEqual(new Set([9]));
    expect(stdout).toContain('| 1 | ⚠️ **widened** | default/bookthief |');
  });

  test('says that errors of a side refuse objects', async () => {
    const broken = join(folder, 'broken.yaml');
    writeFileSync(
      broken,
      `${readFileSync(join(folder, 'deploy/traffic-split.yaml'), 'utf8')}`.replace(
        'service: bookstore\n',
        'service: 5\n',
      ),
    );
    const { stderr } = await diff('deploy', 'broken.yaml');
    expect(stderr).toMatch(/^note: broken\.yaml has \d+ errors?; what they refuse counts as absent/);
  });

  test.each([
    [['nowhere', 'deploy'], 'cannot read nowhere'],
    [['nowhere:deploy', 'deploy'], 'git knows no revision "nowhere" here'],
    [['before:nowhere', 'deploy'], 'revision before has no "nowhere"'],
    [['--', '--upload-pack=x:deploy', 'deploy'], 'git knows no revision "--upload-pack=x" here'],
    [['-', '-'], 'only one side can be standard input'],
  ])('exits 2 for %j', async (argv, sentence) => {
    const { status, stderr } = await diff(...argv);
    expect([status, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });

  test('exits 3 when git cannot be run', async () => {
    const environment = { PATH: '/nonexistent' };
    const { status, stderr } = await runCli(['diff', 'before:deploy', 'deploy'], { cwd: folder, env: environment });
    expect([status, stderr]).toEqual([3, 'error: git is not installed\n']);
  });
});
