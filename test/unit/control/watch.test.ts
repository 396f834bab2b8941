import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileChange, type FileWatch, watchFiles } from '../../../src/control/watch.ts';

let directory: string;
let changes: FileChange[];
let watch: FileWatch;
let notify: () => void;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smi-watch-'));
  writeFileSync(join(directory, 'a.yaml'), 'a: 1\n');
  changes = [];
  notify = () => {};
  watch = watchFiles({
    paths: [directory],
    intervalMillis: 20,
    onChange: (change) => {
      changes.push(change);
      notify();
    },
  });
});
afterEach(() => {
  watch.stop();
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
    expect(changes).toHaveLength(1);
  });

  it('sees a folder come back that was away', async () => {
    await changeAfter(() => renameSync(directory, `${directory}.away`));
    await changeAfter(() => renameSync(`${directory}.away`, directory));
  });

  it('says when the files were saved and when that was noticed', async () => {
    const before = Date.now();
    await changeAfter(() => writeFileSync(join(directory, 'a.yaml'), 'a: 4\n'));
    const { savedAt, noticedAt } = changes[0]!;
    // The clock of a file system is a little behind.
    expect(savedAt).toBeGreaterThan(before - 100);
    expect(noticedAt).toBeGreaterThanOrEqual(savedAt! - 1);
    await changeAfter(() => rmSync(join(directory, 'a.yaml')));
    expect(changes[1]?.savedAt).toBeUndefined();
  });

  it('looks at once when it is asked, and has told of what was saved before when it is done', async () => {
    const slow: FileChange[] = [];
    const asked = watchFiles({
      paths: [directory],
      intervalMillis: 3_600_000,
      onChange: (change) => slow.push(change),
    });
    await asked.look();
    expect(slow).toEqual([]);
    writeFileSync(join(directory, 'a.yaml'), 'a: 5\n');
    await Promise.all([asked.look(), asked.look()]);
    expect(slow).toHaveLength(1);
    const unanswered = asked.look();
    asked.stop();
    await unanswered;
  });
});
