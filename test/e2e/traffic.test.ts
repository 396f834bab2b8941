import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, type Svid } from '../../src/identity/authority.ts';
import { spiffeId } from '../../src/lib/spiffe.ts';
import { Bookstore, RunningMesh, until } from './support/mesh.ts';
import { countsOf, tallyOf, verdictsOf } from './support/traffic.ts';

const enough = 5_000;
let store: Bookstore;
let mesh: RunningMesh;

beforeAll(async () => {
  store = new Bookstore();
  store.setRate('bookbuyer', 700);
  mesh = new RunningMesh(store.folder, store.state);
  await mesh.next('ready');
});

afterAll(async () => {
  await mesh?.stop();
  store?.remove();
});

/** An identity of the mesh, signed by its authority. */
async function svidOf(account: string): Promise<Svid> {
  const authority = await createAuthority({ trustDomain: 'cluster.local', stateDirectory: store.state });
  return authority.issue(spiffeId('cluster.local', 'default', account));
}

/** Sends one request straight to the mutual TLS port of a pod and returns the head of the answer. */
function askDirectly(pod: string, svid: Svid, head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: mesh.addressOf(pod),
      port: 14_001,
      cert: svid.certificateChain,
      key: svid.privateKey,
      ca: svid.trustBundle,
      // The name of a sidecar is its SPIFFE id, which Node's check of host names does not know.
      checkServerIdentity: () => undefined,
    });
    let answer = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer')));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer += text;
      if (answer.includes('\r\n\r\n')) socket.destroy();
    });
    socket.once('close', () => resolve(answer));
    socket.once('error', reject);
    socket.write(head);
  });
}

const purchase = 'POST /buy-a-book HTTP/1.1\r\nhost: bookstore\r\ncontent-length: 0\r\n\r\n';

describe('the bookstore', () => {
  test('serves the buyer every time, and shares its requests as the split says', async () => {
    await until(
      async () => (await countsOf(mesh, 'bookbuyer-0')).total >= enough,
      60_000,
      () => `${enough} requests; ${mesh.tail()}`,
    );
    const { total, v1, v2, codes } = await countsOf(mesh, 'bookbuyer-0');
    console.log(
      `buyer: ${total} requests, ${JSON.stringify(codes)}, v1:v2 = ${v1}:${v2} (${((v1 / total) * 100).toFixed(1)} %)`,
    );
    expect(codes).toEqual({ 200: total });
    expect(v1 + v2).toBe(total);
    expect(Math.abs((v1 / total) * 100 - 90)).toBeLessThan(3);
  });

  test('refuses the thief every time, at the sidecar of the server', async () => {
    const thief = await countsOf(mesh, 'bookthief-0');
    console.log(`thief: ${thief.total} requests, ${JSON.stringify(thief.codes)}`);
    expect(thief.total).toBeGreaterThan(0);
    expect(thief.codes).toEqual({ 403: thief.total });
    const verdicts = await verdictsOf(mesh, 'bookstore-v1-0', 'bookthief');
    expect(Object.keys(verdicts)).toEqual(['denied 403']);
  });

  test("refuses the thief's own certificate when the thief goes around its sidecar, and takes the buyer's", async () => {
    expect(await askDirectly('bookstore-v1-0', await svidOf('bookthief'), purchase)).toMatch(/^HTTP\/1\.1 403 /);
    expect(await askDirectly('bookstore-v1-0', await svidOf('bookbuyer'), purchase)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('lets its own account restock, and nobody else', async () => {
    const restock = purchase.replace('/buy-a-book', '/restock-books').replace('host: bookstore', 'host: bookwarehouse');
    const counted = await countsOf(mesh, 'bookstore-v1-0');
    expect(counted.codes).toEqual({ 200: counted.total });
    expect(await askDirectly('bookwarehouse-0', await svidOf('bookbuyer'), restock)).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('shows all that in its table', async () => {
    const after = mesh.events.length;
    const { rows } = await mesh.next('table', after, ({ rows }) => rows.length > 0);
    const buyer = rows.filter(({ source }) => source === 'default/bookbuyer');
    expect(
      buyer.map(({ backend, successPercent, wantedPercent }) => ({ backend, successPercent, wantedPercent })),
    ).toEqual([
      { backend: 'default/bookstore-v1', successPercent: 100, wantedPercent: 90 },
      { backend: 'default/bookstore-v2', successPercent: 100, wantedPercent: 10 },
    ]);
    const thief = rows.filter(({ source }) => source === 'default/bookthief');
    expect(thief.every(({ successPercent, denied, requests }) => successPercent === 0 && denied === requests)).toBe(
      true,
    );
  });

  test("agrees with the buyer's own account", async () => {
    await until(
      () => (tallyOf(mesh, 'bookbuyer-0')['200'] ?? 0) > 0,
      15_000,
      () => mesh.tail(),
    );
    const { 'held back': _, ...outcomes } = tallyOf(mesh, 'bookbuyer-0');
    expect(Object.keys(outcomes)).toEqual(['200']);
  });
});
