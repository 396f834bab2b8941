import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { packageRoot } from '../../../src/lib/package-root.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-mesh-set-up-'));
  for (const name of ['scripts', 'package.json', 'package-lock.json', '.npmrc']) {
    cpSync(join(packageRoot(), name), join(folder, name), { recursive: true });
  }
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** Runs the set-up of a fresh checkout with empty caches and only the given programs and settings. */
function setUp(environment: Readonly<Record<string, string>>): Promise<Ended> {
  const env = { HOME: folder, npm_config_cache: join(folder, 'cache'), ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/setup.mjs'], { cwd: folder, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}

test('a missing npm is named, with how to get it and without a stack', async () => {
  const { code, output } = await setUp({ PATH: join(folder, 'empty') });
  expect(code).toBe(1);
  expect(output).toMatch(/error: npm is missing\n {2}hint: install Node\.js from https:/);
  expect(output).not.toMatch(/^\s+at /m);
});

test('a registry that cannot be reached is named, with what to check', async () => {
  const { code, output } = await setUp({
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_fetch_retries: '0',
  });
  expect(code).toBe(1);
  expect(output).toMatch(/error: npm cannot reach its registry.*\n {2}hint: check the network/);
  expect(output).not.toMatch(/^\s+at /m);
});
