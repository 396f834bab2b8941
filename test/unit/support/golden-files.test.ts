import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compareOutputs } from '../../support/mesh/golden-files.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-golden-files-'));
  mkdirSync(join(folder, 'proxy'));
  writeFileSync(join(folder, 'model.json'), 'one\ntwo\nthree\n');
  writeFileSync(join(folder, 'proxy', 'old.json'), '{}\n');
});

afterEach(() => rmSync(folder, { recursive: true }));

const outputs = new Map([
  ['model.json', 'one\n2\nthree\n'],
  ['envoy/new.yaml', 'a: 1\n'],
]);

describe('without the switch', () => {
  test('equal outputs are fine', () => {
    const same = new Map([
      ['model.json', 'one\ntwo\nthree\n'],
      ['proxy/old.json', '{}\n'],
    ]);
    expect(compareOutputs(folder, same, false)).toBeUndefined();
  });

  test('a difference is shown with its line, and the command that accepts it', () => {
    const problem = compareOutputs(folder, outputs, false);
    expect(problem).toContain('@ line 2\n  one\n- two\n+ 2');
    expect(problem).toContain('UPDATE_GOLDEN=true npx vitest run test/golden.test.ts');
  });

  test('a missing output and an orphan are named, and nothing is written', () => {
    const problem = compareOutputs(folder, outputs, false);
    expect(problem).toMatch(/envoy\/new\.yaml: missing/);
    expect(problem).toMatch(/proxy\/old\.json: nothing produces this file any more/);
    expect(existsSync(join(folder, 'envoy'))).toBe(false);
    expect(existsSync(join(folder, 'proxy', 'old.json'))).toBe(true);
  });
});

test('the switch writes what came out and removes orphans with their folders', () => {
  expect(compareOutputs(folder, outputs, true)).toBeUndefined();
  expect(readFileSync(join(folder, 'model.json'), 'utf8')).toBe('one\n2\nthree\n');
  expect(readFileSync(join(folder, 'envoy', 'new.yaml'), 'utf8')).toBe('a: 1\n');
  expect(existsSync(join(folder, 'proxy'))).toBe(false);
  expect(compareOutputs(folder, outputs, false)).toBeUndefined();
});
