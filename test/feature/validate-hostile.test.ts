import { spawn } from 'node:child_process';
import { ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const entry = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const megabyte = 1024 * 1024;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Measured {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly cpuSeconds: number;
  readonly maxMegabytes: number;
}

/** Prints what the process has used, as the last thing that it does. */
const report =
  'process.on("exit",()=>{const{maxRSS,userCPUTime}=process.resourceUsage();process.stderr.write(maxRSS+"/"+userCPUTime)})';

/** Runs `validate` and measures the processor time, which a busy machine does not change, and the memory that it took. */
function validate(...args: readonly string[]): Promise<Measured> {
  return new Promise((resolve) => {
    const preload = `--import=data:text/javascript,${encodeURIComponent(report)}`;
    const child = spawn(process.execPath, [preload, entry, 'validate', ...args], { timeout: 100_000 });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('close', (status) => {
      const [, said = '', kilobytes, microseconds] = /^(.*?)(\d+)\/(\d+)$/s.exec(stderr) ?? [];
      resolve({
        status,
        stdout,
        stderr: said,
        cpuSeconds: Number(microseconds) / 1e6,
        maxMegabytes: Number(kilobytes) / 1024,
      });
    });
  });
}

const head = (kind: string, group: string, spec: string) =>
  `apiVersion: ${group}.smi-spec.io/v1alpha4\nkind: ${kind}\nmetadata: { name: x }\nspec:\n${spec}`;
const many = (count: number, line: string) => line.repeat(count);
const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  .concat(Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`))
  .join('\n');

const cases: readonly (readonly [string, string | (() => string), string])[] = [
  ['an alias bomb', bomb, 'SMI1009'],
  [
    'an anchor that contains itself',
    'apiVersion: v1\nkind: Service\nmetadata: &m { name: a, labels: *m }\n',
    'SMI1009',
  ],
  ['a million open brackets', () => '['.repeat(1e6), 'SMI1002'],
  ['half a million explicit keys', () => '? '.repeat(5e5), 'SMI1002'],
  ['a text that is never closed', () => `"${'a'.repeat(15 * megabyte)}`, 'SMI1002'],
  ['four million tiny values', () => '- a\n'.repeat(4e6), 'SMI1004'],
  ['four million documents', () => '---\n'.repeat(4e6), 'SMI1004'],
  ['two hundred thousand documents that are no objects', () => many(2e5, 'a: b\n---\n'), 'SMI1007'],
  [
    'a name of eight megabytes',
    () => head('TrafficSplit', 'split', '').replace(' x ', ` ${'x'.repeat(8e6)} `),
    'SMI2006',
  ],
  [
    'two hundred thousand faults in one object',
    () => head('TrafficSplit', 'split', `  service: x\n  backends:\n${many(2e5, '    - { weight: -1 }\n')}`),
    'SMI2004',
  ],
  [
    'two hundred thousand unknown fields',
    () =>
      head(
        'TrafficSplit',
        'split',
        `  service: x\n  backends: []\n${Array.from({ length: 2e5 }, (_, n) => `  f${n}: 1\n`).join('')}`,
      ),
    'SMI2008',
  ],
  [
    'an expression that multiplies',
    head('HTTPRouteGroup', 'specs', `  matches: [{ name: a, pathRegex: '((((a{100}){100}){100}){100})' }]\n`),
    'SMI2009',
  ],
  [
    'a hundred thousand comments that suppress',
    () =>
      head(
        'TrafficSplit',
        'split',
        `  service: x\n  backends: [{ service: y, weight: 1 }]\n${many(1e5, '# smi-mesh: ignore SMI4509 -- y\n')}`,
      ),
    'SMI4592',
  ],
];

describe('whatever a file contains, the command ends with a clear finding', () => {
  test.each(cases)('%s', { timeout: 120_000 }, async (_what, content, code) => {
    const file = join(folder, 'hostile.yaml');
    writeFileSync(file, typeof content === 'string' ? content : content());
    const { stdout, stderr, status, cpuSeconds, maxMegabytes } = await validate(file);
    expect(stderr).toBe('');
    expect(stdout).toContain(`[${code}]`);
    expect(stdout.length).toBeLessThan(megabyte);
    expect(status).toBe(1);
    expect(cpuSeconds).toBeLessThan(25);
    expect(maxMegabytes).toBeLessThan(1200);
  });

  test('a file of 100 MB is not even read', { timeout: 120_000 }, async () => {
    const file = join(folder, 'sparse.yaml');
    ftruncateSync(openSync(file, 'w'), 100 * megabyte);
    const { stdout, cpuSeconds, maxMegabytes } = await validate(file);
    expect(stdout).toContain('error[SMI1004]');
    expect(cpuSeconds).toBeLessThan(5);
    expect(maxMegabytes).toBeLessThan(300);
  });

  test('binary junk', { timeout: 120_000 }, async () => {
    const file = join(folder, 'junk.yaml');
    writeFileSync(
      file,
      Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 251),
    );
    const { stdout, status } = await validate(file);
    expect(stdout).toMatch(/error\[SMI1003\]: .* is not text/);
    expect(status).toBe(1);
  });
});
