import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acquireState, defaultStateDirectory } from '../../../../src/control/local/state.ts';
import { temporaryFolder } from './fixtures.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

async function acquired(directory: string) {
  const state = await acquireState(directory);
  if (!state.ok) throw new Error(JSON.stringify(state.error));
  return state.value;
}

describe('the state directory', () => {
  test('is private', async () => {
    const state = await acquired(join(folder.path, 'new', 'state'));
    expect(statSync(state.directory).mode & 0o777).toBe(0o700);
    await state.release();
  });

  test('is refused when others can look into it', async () => {
    const open = join(folder.path, 'open');
    mkdirSync(open, { mode: 0o755 });
    expect(await acquireState(open)).toMatchObject({ ok: false, error: { kind: 'unusable' } });
  });

  test('belongs to one run at a time', async () => {
    const directory = join(folder.path, 'state');
    const first = await acquired(directory);
    expect(await acquireState(directory)).toEqual({ ok: false, error: { kind: 'taken', pid: process.pid } });
    await first.release();
    await (await acquired(directory)).release();
  });

  test('is taken over from a run that died', async () => {
    const directory = join(folder.path, 'state');
    mkdirSync(directory, { mode: 0o700 });
    writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: 1, base: 31, id: 'other' }));
    await (await acquired(directory)).release();
  });

  test('of two folders have address ranges of their own', async () => {
    const first = await acquired(join(folder.path, 'a'));
    const second = await acquired(join(folder.path, 'b'));
    expect(first.base).not.toBe(second.base);
    await Promise.all([first.release(), second.release()]);
  });

  test('lies in the state home of the user, and is the same for every spelling of the folder', () => {
    const environment = { XDG_STATE_HOME: '/somewhere' };
    const path = defaultStateDirectory(folder.path, environment);
    expect(path.startsWith('/somewhere/smi-mesh/')).toBe(true);
    expect(defaultStateDirectory(join(folder.path, '..', folder.path.split('/').at(-1) ?? ''), environment)).toBe(path);
  });
});
