import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { validatePaths } from '../../src/cli/validate/check.ts';
import { countFindings, reaches } from '../../src/diagnostics/located.ts';
import { type FindingsReport, reportFindings } from '../../src/diagnostics/render-json.ts';
import { createSourceReader } from '../../src/source/read.ts';
import { runCli } from '../support/run-cli.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const broken = join(repository, 'test/fixtures/broken');
const fixtures = readdirSync(broken).filter((name) => name.endsWith('.yaml'));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-validate-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `# expect: CODE LINE:COLUMN "MARKED TEXT" NEXT STEP`, written by hand at the head of a broken manifest. */
function expectations(text: string): readonly string[] {
  return text.split('\n').flatMap((line) => /^# expect: (.*)$/.exec(line)?.[1] ?? []);
}

function found(report: FindingsReport, text: string): readonly string[] {
  const lines = text.split('\n');
  return report.diagnostics
    .filter(({ severity }) => severity !== 'info')
    .map(({ code, location, hint }) => {
      if (location === null) return `${code} nowhere`;
      const start = location.column - 1;
      const marked = lines[location.line - 1]?.slice(start, location.endColumn ? location.endColumn - 1 : start + 1);
      return `${code} ${location.line}:${location.column} ${JSON.stringify(marked)} ${hint}`;
    });
}

describe('each broken manifest', () => {
  test('there are at least 25 of them, each with an expectation', () => {
    expect(fixtures.length).toBeGreaterThanOrEqual(25);
    for (const name of fixtures) {
      expect(expectations(readFileSync(join(broken, name), 'utf8')), name).not.toHaveLength(0);
    }
  });

  // In this process: one for each of them takes minutes on a slow machine, and says no more.
  test.each(fixtures)('%s is reported with code, place and next step', async (name) => {
    const text = readFileSync(join(broken, name), 'utf8');
    const { findings, objects } = await validatePaths([join(broken, name)], new Set(), createSourceReader(), {});
    const counts = countFindings(findings);
    const verdict = reaches(counts, 'error') ? 'fail' : 'pass';
    const report = reportFindings(findings, verdict, { ...counts, objects, foreign: 0, suppressed: 0, ignored: 0 });
    expect(found(report, text)).toEqual(expectations(text));
    for (const { location } of report.diagnostics) expect(location?.file).toBe(join(broken, name));
  });

  test.each(['weight-negative.yaml', 'only-comments.yaml'])('%s gives its exit code', async (name) => {
    const { status, stdout, stderr } = await runCli(['validate', '-o', 'json', name], { cwd: broken });
    const report = JSON.parse(stdout) as FindingsReport;
    expect(stderr).toBe('');
    for (const { location } of report.diagnostics) expect(location?.file).toBe(name);
    expect([status, report.verdict]).toEqual(report.counts.errors > 0 ? [1, 'fail'] : [0, 'pass']);
  });
});

describe('text output', () => {
  test('frames the value: verdict, code, place, line, caret, next step', async () => {
    const { status, stdout } = await runCli(['validate', 'weight-negative.yaml'], { cwd: broken });
    expect(status).toBe(1);
    expect(stdout).toBe(
      [
        'invalid: 1 error in 1 object',
        '',
        'error[SMI2004]: spec.backends[0].weight is -5, outside the range from 0 to 2147483647',
        '  --> weight-negative.yaml:10:15 (TrafficSplit default/shop)',
        '   |',
        '10 |       weight: -5',
        '   |               ^^',
        '   = next: Use a whole number from 0 to 2147483647.',
        '',
      ].join('\n'),
    );
  });

  test('shows both places of an object that is defined twice', async () => {
    const { stdout } = await runCli(['validate', 'defined-twice.yaml'], { cwd: broken });
    expect(stdout).toContain(' --> defined-twice.yaml:9:9\n');
    expect(stdout).toContain(' = see also: defined-twice.yaml:4:19 (ServiceAccount default/shop)');
  });

  test('has no colour when it is not a terminal', async () => {
    const { stdout } = await runCli(['validate', 'weight-negative.yaml'], { cwd: broken });
    expect(stdout).not.toContain('\u001b');
  });

  test('quiet says nothing about what does not make it fail', async () => {
    const quiet = await runCli(['validate', '-q', 'weights-all-zero.yaml'], { cwd: broken });
    expect(quiet).toEqual({ status: 0, stdout: '', stderr: '' });
    const mixed = await runCli(['validate', '-q', 'field-misspelt.yaml'], { cwd: broken });
    expect(mixed.stdout).toContain('SMI2002');
    expect(mixed.stdout).not.toContain('SMI2008');
  });
});

describe('inputs', () => {
  test('the example is valid', async () => {
    const { status, stdout } = await runCli(['validate', 'examples/bookstore'], { cwd: repository });
    expect(stdout).toMatch(/^valid: nothing to report in \d+ objects\n$/);
    expect(status).toBe(0);
  });

  test('standard input, and objects that are not SMI’s concern', async () => {
    const stdin = ['Service', 'ConfigMap']
      .map((kind) => `apiVersion: v1\nkind: ${kind}\nmetadata: { name: shop }\n---\n`)
      .join('');
    const { status, stdout } = await runCli(['validate', '-'], { stdin });
    expect(status).toBe(0);
    expect(stdout).toContain("in 2 objects (1 not SMI's concern)");
  });

  test.each<[string, string, string | Uint8Array, string]>([
    ['an empty file', 'empty.yaml', '', 'SMI1006'],
    ['binary junk', 'binary.yaml', new Uint8Array([0x7f, 0x45, 0, 1, 2]), 'SMI1003'],
    ['text that is not UTF-8', 'latin1.yaml', new Uint8Array([0x61, 0x3a, 0x20, 0xe9, 0x0a]), 'SMI1003'],
    ['a file above the size limit', 'large.yaml', new Uint8Array(16 * 1024 * 1024 + 1).fill(0x23), 'SMI1004'],
  ])('%s is a clear error', async (_what, name, content, code) => {
    const file = join(folder, name);
    writeFileSync(file, content);
    const { status, stdout } = await runCli(['validate', '-o', 'json', file]);
    const report = JSON.parse(stdout) as FindingsReport;
    expect(status).toBe(1);
    expect(report.diagnostics.map((item) => item.code)).toEqual([code]);
    expect(report.diagnostics[0]?.message).toContain(file);
    expect(report.diagnostics[0]?.hint).not.toBe('');
  });

  test('a missing path, a folder without manifests and a pattern without matches are clear errors', async () => {
    mkdirSync(join(folder, 'void'));
    const paths = [join(folder, 'nowhere'), join(folder, 'void'), join(folder, 'void', '*.yaml')];
    const { status, stdout } = await runCli(['validate', '-o', 'json', ...paths]);
    const report = JSON.parse(stdout) as FindingsReport;
    expect(status).toBe(1);
    expect(report.diagnostics.map((item) => item.code).toSorted()).toEqual(['SMI1001', 'SMI1005', 'SMI1005']);
    for (const path of paths) expect(report.diagnostics.some(({ message }) => message.includes(path))).toBe(true);
  });
});

describe('exit status', () => {
  test('--fail-on decides which findings make it fail', async () => {
    const warning = (level: string) =>
      runCli(['validate', '--fail-on', level, 'weights-all-zero.yaml'], { cwd: broken });
    expect((await warning('error')).status).toBe(0);
    expect((await warning('warning')).status).toBe(1);
  });

  test('wrong use is 2, and says what is possible', async () => {
    const unknown = await runCli(['valdate']);
    expect(unknown.status).toBe(2);
    expect(unknown.stderr).toContain('Did you mean validate?');
    expect((await runCli(['validate', '-o', 'xml'])).status).toBe(2);
    expect((await runCli([])).status).toBe(2);
    expect((await runCli(['--help'])).status).toBe(0);
  });
});
