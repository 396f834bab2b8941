import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digest, isCurrent, writeStamp } from '../../../scripts/lib/stamp.mjs';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-mesh-stamp-'));
  mkdirSync(join(folder, 'src/deep'), { recursive: true });
  writeFileSync(join(folder, 'src/deep/a.ts'), 'one');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const now = (): string => digest(folder, ['src', 'lock.json']);

test('touching a file changes nothing', () => {
  const before = now();
  utimesSync(join(folder, 'src/deep/a.ts'), 1, 1);
  expect(now()).toBe(before);
});

test('a changed, added, renamed or removed file counts, also one that was missing at first', () => {
  const seen = [now()];
  const note = (): void => void seen.push(now());
  writeFileSync(join(folder, 'src/deep/a.ts'), 'two');
  note();
  writeFileSync(join(folder, 'src/b.ts'), '');
  note();
  renameSync(join(folder, 'src/b.ts'), join(folder, 'src/c.ts'));
  note();
  writeFileSync(join(folder, 'lock.json'), '');
  note();
  rmSync(join(folder, 'src/deep/a.ts'));
  note();
  expect(new Set(seen).size).toBe(seen.length);
});

test('a stamp is current only for the digest that was written', () => {
  const file = join(folder, '.stamp');
  expect(isCurrent(file, 'x')).toBe(false);
  writeStamp(file, 'x');
  expect([isCurrent(file, 'x'), isCurrent(file, 'y')]).toEqual([true, false]);
});
