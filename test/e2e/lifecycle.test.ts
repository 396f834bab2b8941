import { afterEach, describe, expect, test } from 'vitest';
import { Bookstore, isAlive, RunningMesh, until } from './support/mesh.ts';
import { countsOf } from './support/traffic.ts';

const open: { store: Bookstore; mesh?: RunningMesh }[] = [];
afterEach(async () => {
  for (const { store, mesh } of open.splice(0)) {
    await mesh?.stop('SIGKILL');
    store.remove();
  }
});

function bookstore(change?: (store: Bookstore) => void): Bookstore {
  const store = new Bookstore();
  change?.(store);
  open.push({ store });
  return store;
}

function up(store: Bookstore, ...args: readonly string[]): RunningMesh {
  const mesh = new RunningMesh(store.folder, store.state, ...args);
  open.unshift({ store, mesh });
  return mesh;
}

/** `more`: how many children there were at the least, so that their absence says something. */
async function expectGone(mesh: RunningMesh, more = 10): Promise<void> {
  expect(mesh.pids.length).toBeGreaterThan(more);
  await until(
    () => !mesh.pids.some(isAlive),
    15_000,
    () => `no child left, but ${mesh.pids.filter(isAlive)}`,
  );
}

describe('up', () => {
  test('stops every child on Ctrl-C, with a last table', async () => {
    const mesh = up(bookstore());
    await mesh.next('ready');
    expect(await mesh.stop('SIGINT')).toBe(0);
    expect(mesh.pids.filter(isAlive)).toEqual([]);
    expect(mesh.all('table').at(-1)?.span).toBe('run');
    expect(mesh.events.at(-1)).toEqual({ type: 'stopped' });
    await expectGone(mesh);
  });

  test('leaves no child behind when it is killed', async () => {
    const mesh = up(bookstore());
    await mesh.next('ready');
    await mesh.stop('SIGKILL');
    await expectGone(mesh);
  });

  test('ends by itself after its duration, with exit code 0', async () => {
    const mesh = up(bookstore(), '--duration', '6s');
    expect(await mesh.exited).toBe(0);
    // On a busy machine the time may be over before all have been started.
    await expectGone(mesh, 0);
  });

  test('runs beside another of a different folder, and refuses a second of the same', async () => {
    const first = up(bookstore());
    const other = up(bookstore());
    await Promise.all([first.next('ready'), other.next('ready')]);
    expect(first.addressOf('bookbuyer-0')).not.toBe(other.addressOf('bookbuyer-0'));
    for (const mesh of [first, other]) {
      await until(
        async () => (await countsOf(mesh, 'bookbuyer-0')).total > 50,
        20_000,
        () => mesh.tail(),
      );
    }
    const second = new RunningMesh(open.at(-1)!.store.folder, open.at(-1)!.store.state);
    expect(await second.exited).toBe(3);
    expect(second.stderr.join('\n')).toContain('SMI6103');
  });

  test('says that a Deployment without a command cannot run, at its line, and runs the others', async () => {
    const store = bookstore((copy) => copy.edit('bookthief.yaml', (text) => text.replace(/^ *command: .*\n/m, '')));
    const mesh = up(store);
    const { diagnostic } = await mesh.next('diagnostic', 0, ({ diagnostic }) => diagnostic.code === 'SMI6101');
    expect(diagnostic.location).toMatchObject({ file: expect.stringContaining('bookthief.yaml') });
    await mesh.next('ready');
    await until(
      async () => (await countsOf(mesh, 'bookbuyer-0')).total > 50,
      20_000,
      () => mesh.tail(),
    );
    expect(await mesh.stop()).toBe(1);
  });

  test('restarts only the pods of a Deployment that changed, adds replicas, and stops what is removed', async () => {
    const store = bookstore();
    const mesh = up(store);
    await mesh.next('ready');
    const warehouse = mesh.pidOf('bookwarehouse', 'bookwarehouse-0');
    const v1 = mesh.pidOf('bookstore', 'bookstore-v1-0');

    let mark = mesh.events.length;
    store.setRate('bookbuyer', 120);
    await mesh.next('pod', mark, ({ pod, state }) => pod === 'default/bookbuyer-0' && state === 'ready');

    mark = mesh.events.length;
    store.edit('bookwarehouse.yaml', (text) => text.replace('replicas: 1', 'replicas: 2'));
    await mesh.next('pod', mark, ({ pod, state }) => pod === 'default/bookwarehouse-1' && state === 'ready');

    mark = mesh.events.length;
    store.edit('bookthief.yaml', (text) => text.replace('replicas: 1', 'replicas: 0'));
    await mesh.next('pod', mark, ({ pod, state }) => pod === 'default/bookthief-0' && state === 'removed');

    expect(mesh.pidOf('bookwarehouse', 'bookwarehouse-0')).toBe(warehouse);
    expect(mesh.pidOf('bookstore', 'bookstore-v1-0')).toBe(v1);
    expect(isAlive(warehouse) && isAlive(v1)).toBe(true);
  });
});
