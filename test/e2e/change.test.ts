import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Bookstore, isAlive, pause, RunningMesh, until } from './support/mesh.ts';
import { type BuyerCounts, countsOf, tallyOf } from './support/traffic.ts';

const rate = 550;
const buyer = 'bookbuyer-0';
let store: Bookstore;
let mesh: RunningMesh;

beforeAll(async () => {
  store = new Bookstore();
  store.setRate('bookbuyer', rate);
  mesh = new RunningMesh(store.folder, store.state);
  await mesh.next('ready');
});

afterAll(async () => {
  await mesh?.stop();
  store?.remove();
});

/** Percent of the requests between two counts that went to version 1. */
function shareOfV1(before: BuyerCounts, after: BuyerCounts): number {
  return ((after.v1 - before.v1) / (after.v1 - before.v1 + after.v2 - before.v2)) * 100;
}

/** Requests that a share is judged by: at 50:50 their standard deviation is 5 percent. */
const sampleSize = 100;
const tolerance = 15;

/** A pause that lasts this much longer than asked for was the machine's doing: it ran nothing of ours meanwhile. */
const stallMillis = 100;

/**
 * How long after a save the shares were what was asked for: the end of the first run of `sampleSize` requests, all of
 * them sent after the save, whose share is right. Stalls of the whole machine, seen as pauses that overran, do not count.
 */
async function settled(savedAt: number, wantedV1: number, withinMillis = 5_000): Promise<number> {
  const history: BuyerCounts[] = [];
  let stalled = 0;
  while (performance.now() - savedAt < withinMillis) {
    const now = await countsOf(mesh, buyer);
    const from = history.findLast(({ total }) => now.total - total >= sampleSize);
    if (from !== undefined && Math.abs(shareOfV1(from, now) - wantedV1) <= tolerance) return now.at - savedAt - stalled;
    history.push(now);
    const paused = performance.now();
    await pause(15);
    const overrun = performance.now() - paused - 15;
    if (overrun > stallMillis) stalled += overrun;
  }
  throw new Error(`v1 has no share of ${wantedV1} % within ${withinMillis} ms; ${mesh.tail()}`);
}

/** Nothing but 200 so far, by the sidecar's count and by the client's own. */
async function expectNoFailure(): Promise<BuyerCounts> {
  const counts = await countsOf(mesh, buyer);
  expect(counts.codes).toEqual({ 200: counts.total });
  const { 'held back': heldBack = 0, ...outcomes } = tallyOf(mesh, buyer);
  expect(Object.keys(outcomes).filter((outcome) => outcome !== '200')).toEqual([]);
  expect(heldBack).toBeLessThan(rate);
  return counts;
}

function exitsSince(mark: number) {
  return mesh.events.slice(mark).filter((event) => event.type === 'process' && event.state === 'exited');
}

const wantedWeights = [
  [10, 90],
  [70, 30],
  [0, 100],
  [50, 50],
  [100, 0],
  [30, 70],
] as const;

describe('while a client without retries sends steadily', () => {
  test('every edit of the weights moves the shares within a second, and no request fails', async () => {
    const before = await countsOf(mesh, buyer);
    const times: number[] = [];
    for (let edit = 0; edit < 30; edit += 1) {
      const [v1, v2] = wantedWeights[edit % wantedWeights.length]!;
      times.push(await settled(store.setWeights(v1, v2), v1));
    }
    const after = await expectNoFailure();
    const seconds = (after.at - before.at) / 1000;
    const sorted = [...times].sort((a, b) => a - b);
    console.log(
      `${times.length} edits under ${((after.total - before.total) / seconds).toFixed(0)} requests/s: shares moved after ` +
        `${sorted[0]!.toFixed(0)}-${sorted.at(-1)!.toFixed(0)} ms (median ${sorted[15]!.toFixed(0)} ms), ` +
        `${after.total - before.total} requests, 0 failed`,
    );
    expect((after.total - before.total) / seconds).toBeGreaterThanOrEqual(500);
    expect(sorted.at(-1)).toBeLessThan(1_000);
  });

  const broken: readonly [string, (text: string) => string, number][] = [
    ['YAML that is no YAML', (text) => text.replace('spec:', 'spec: ]['), 7],
    ['a negative weight', (text) => text.replace(/weight: 90/, 'weight: -90'), 11],
    ['a backend without a name', (text) => text.replace('service: bookstore-v2', 'service: 7'), 12],
  ];

  test('a broken edit changes nothing and is reported at its line', async () => {
    await settled(store.setWeights(90, 10), 90);
    const good = store.read('traffic-split.yaml');
    for (const [what, change, line] of broken) {
      const mark = mesh.events.length;
      const published = mesh.all('published').length;
      store.edit('traffic-split.yaml', change);
      const { diagnostic } = await mesh.next('diagnostic', mark, ({ diagnostic }) => diagnostic.severity === 'error');
      expect(diagnostic.location, what).toMatchObject({ file: expect.stringContaining('traffic-split.yaml'), line });
      await mesh.next('reload', mark, ({ errors }) => errors > 0);
      const from = await countsOf(mesh, buyer);
      await until(
        async () => (await countsOf(mesh, buyer)).total - from.total > 400,
        10_000,
        () => mesh.tail(),
      );
      expect(Math.abs(shareOfV1(from, await countsOf(mesh, buyer)) - 90), what).toBeLessThan(tolerance);
      expect(mesh.all('published'), what).toHaveLength(published);
      const mended = mesh.events.length;
      store.write('traffic-split.yaml', good);
      await mesh.next('reload', mended, ({ errors }) => errors === 0);
    }
    await expectNoFailure();
  });

  test('a new comment sends nothing', async () => {
    const mark = mesh.events.length;
    store.edit('traffic-split.yaml', (text) => `# A remark that moves every line.\n${text}`);
    const { changed } = await mesh.next('reload', mark);
    expect(changed).toEqual([]);
    // The next change of meaning comes after it in order: whatever the comment caused is there by then.
    await settled(store.setWeights(40, 60), 40);
    const since = mesh.events.slice(mark).filter((event) => event.type === 'published');
    expect(since).toHaveLength(1);
  });

  test('the control plane may be killed: traffic and policy stay, and it goes on where it was', async () => {
    await settled(store.setWeights(90, 10), 90);
    const thiefBefore = await countsOf(mesh, 'bookthief-0');
    const mark = mesh.events.length;
    const killed = mesh.pidOf('control-plane');
    process.kill(killed, 'SIGKILL');
    await mesh.next('process', mark, ({ part, state }) => part === 'control-plane' && state === 'exited');
    const from = await countsOf(mesh, buyer);
    await mesh.next('process', mark, ({ part, state }) => part === 'control-plane' && state === 'started');
    await mesh.next('reload', mark);
    await until(
      async () => (await countsOf(mesh, buyer)).total - from.total > 500,
      10_000,
      () => mesh.tail(),
    );
    expect(Math.abs(shareOfV1(from, await countsOf(mesh, buyer)) - 90)).toBeLessThan(tolerance);
    expect(mesh.pidOf('control-plane')).not.toBe(killed);

    const moved = await settled(store.setWeights(10, 90), 10, 15_000);
    console.log(`after the control plane came back, an edit took ${moved.toFixed(0)} ms`);
    const thief = await countsOf(mesh, 'bookthief-0');
    expect(thief.total).toBeGreaterThan(thiefBefore.total);
    expect(thief.codes).toEqual({ 403: thief.total });
    await expectNoFailure();
  });

  test('a sidecar may be killed: only its own pod suffers, and it comes back', async () => {
    await settled(store.setWeights(100, 0), 100);
    const mark = mesh.events.length;
    const killed = mesh.pidOf('sidecar', 'bookstore-v2-0');
    process.kill(killed, 'SIGKILL');
    await mesh.next('pod', mark, ({ pod, state }) => pod === 'default/bookstore-v2-0' && state === 'not-ready');
    await mesh.next('pod', mark, ({ pod, state }) => pod === 'default/bookstore-v2-0' && state === 'ready');
    expect(mesh.pidOf('sidecar', 'bookstore-v2-0')).not.toBe(killed);
    expect(isAlive(mesh.pidOf('sidecar', 'bookstore-v2-0'))).toBe(true);
    await expectNoFailure();
    await settled(store.setWeights(0, 100), 0);
    await expectNoFailure();
    expect(exitsSince(mark)).toHaveLength(1);
  });

  test('a sidecar that is killed under load fails requests to its own pod only', async () => {
    await settled(store.setWeights(50, 50), 50);
    const mark = mesh.events.length;
    process.kill(mesh.pidOf('sidecar', 'bookstore-v2-0'), 'SIGKILL');
    await mesh.next('pod', mark, ({ pod, state }) => pod === 'default/bookstore-v2-0' && state === 'ready');
    const back = await countsOf(mesh, buyer);
    await until(
      async () => (await countsOf(mesh, buyer)).v2 - back.v2 > 100,
      10_000,
      () => mesh.tail(),
    );
    const after = await countsOf(mesh, buyer);
    console.log(
      `a sidecar killed under load: ${JSON.stringify(after.failures)} failed, of ${after.total} requests in all`,
    );
    expect(Object.keys(after.failures).filter((backend) => backend !== 'default/bookstore-v2')).toEqual([]);
    expect(exitsSince(mark)).toHaveLength(1);
  });
});
