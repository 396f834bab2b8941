import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchFiles } from '../../../src/control/watch.ts';

let directory: string;
let changes: number;
let stop: () => void;
let notify: () => void;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smi-watch-'));
  writeFileSync(join(directory, 'a.yaml'), 'a: 1\n');
  changes = 0;
  notify = () => {};
  stop = watchFiles({
    paths: [directory],
    intervalMillis: 20,
    onChange: () => {
      changes += 1;
      notify();
    },
  });
});
afterEach(() => {
  stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Resolves at the next change after the action. */
function changeAfter(action: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no change was seen')), 10_000);
    notify = () => {
      clearTimeout(timer);
      resolve();
    };
    action();
  });
}

describe('watching files', () => {
  it('sees a file written, added, replaced by another and removed', async () => {
    await changeAfter(() => writeFileSync(join(directory, 'a.yaml'), 'a: 2\n'));
    await changeAfter(() => writeFileSync(join(directory, 'b.yaml'), 'b: 1\n'));
    writeFileSync(join(directory, 'b.tmp'), 'b: 2\n');
    await changeAfter(() => renameSync(join(directory, 'b.tmp'), join(directory, 'b.yaml')));
    await changeAfter(() => rmSync(join(directory, 'a.yaml')));
  });

  it('does not mind files that are no manifests', async () => {
    writeFileSync(join(directory, 'notes.txt'), 'x');
    await changeAfter(() => writeFileSync(join(directory, 'a.yaml'), 'a: 3\n'));
    expect(changes).toBe(1);
  });

  it('sees a folder come back that was away', async () => {
    await changeAfter(() => renameSync(directory, `${directory}.away`));
    await changeAfter(() => renameSync(`${directory}.away`, directory));
  });
});
