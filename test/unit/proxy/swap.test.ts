import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { type StaticResource, startProxy } from '../../../src/proxy/index.ts';
import { controlPlane } from './support/control-plane.ts';
import { conversation, endpoints, namedServer, ownAddress, service, until, workload } from './support/mesh.ts';

const node = 'default/client';
const identity = spiffeId('cluster.local', 'default', 'client');
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const get = (fields = '') => `GET / HTTP/1.1\r\nHost: store\r\n${fields}\r\n`;
const once = (fields = '') => get(`Connection: close\r\n${fields}`);

/** Sends one request after another on one connection until told to stop; the answers' status and body. */
function client(address: string, port: number): { readonly answers: string[]; stop(): Promise<void> } {
  const answers: string[] = [];
  let stopping = false;
  let text = '';
  const socket = net.connect({ host: address, port });
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (end < 0 || text.length < end + 4 + length) return;
    answers.push(`${text.slice(9, 12)} ${text.slice(end + 4)}`);
    text = '';
    if (stopping) socket.end();
    else socket.write(get());
  });
  socket.on('error', (error) => answers.push(error.message));
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.write(get());
  return {
    answers,
    stop: () => {
      stopping = true;
      return closed;
    },
  };
}

async function world() {
  const address = ownAddress();
  const [v1, v2] = await Promise.all([namedServer('v1'), namedServer('v2')]);
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const plane = await controlPlane(authority, address);
  cleanups.push(v1.close, v2.close, () => plane.server.close(100));
  const resources = (weights: Record<string, number>, ports: readonly number[] = [20000]): StaticResource[] => [
    workload({
      name: node,
      identity,
      outbound: ports.map((port) => ({ address, port, protocol: 'HTTP', services: ['default/store:80'] })),
    }),
    service('store', 80, weights),
    ...Object.keys(weights).map((name) => endpoints(name, 80, [name === 'v1' ? v1 : v2])),
  ];
  plane.serve(node, resources({ v1: 1 }));
  const proxy = await startProxy(
    {
      node,
      admin: { address, port: 0 },
      secret: await authority.issue(identity),
      ads: { address, port: plane.port, serverIdentity: spiffeId('cluster.local', 'smi-mesh', 'controller') },
      testRandomHeader: 'x-pick',
    },
    { log: () => {} },
  );
  cleanups.push(() => proxy.stop());
  await proxy.ready;
  return { address, plane, proxy, resources };
}

describe('a change of configuration', () => {
  test('moves traffic under load without a failed request', async () => {
    const { address, plane, proxy, resources } = await world();
    const clients = Array.from({ length: 4 }, () => client(address, 20000));
    for (let edit = 1; edit <= 30; edit++) {
      const before = proxy.configVersion;
      plane.serve(node, resources(edit % 2 === 0 ? { v1: edit } : { v2: edit }));
      await until(() => proxy.configVersion > before, `edit ${edit}`);
      const seen = clients.map(({ answers }) => answers.length);
      await until(() => clients.every(({ answers }, index) => answers.length > seen[index]! + 1), 'more answers');
      for (const { answers } of clients) expect(answers.at(-1)).toBe(edit % 2 === 0 ? '200 v1' : '200 v2');
    }
    await Promise.all(clients.map((each) => each.stop()));
    const all = clients.flatMap(({ answers }) => answers);
    expect(all.filter((answer) => !answer.startsWith('200 '))).toEqual([]);
  });

  test('binds and closes listeners and leaves the others alone', async () => {
    const { address, plane, resources } = await world();
    const steady = client(address, 20000);
    plane.serve(node, resources({ v1: 1 }, [20000, 20001]));
    const answered = (port: number) =>
      conversation(address, port, once()).then((text) => text.startsWith('HTTP/1.1 200'));
    await until(() => answered(20001), 'the new listener');
    plane.serve(node, resources({ v1: 1 }));
    await until(async () => !(await answered(20001)), 'its end');
    const seen = steady.answers.length;
    await until(() => steady.answers.length > seen, 'more answers');
    await steady.stop();
    expect(new Set(steady.answers)).toEqual(new Set(['200 v1']));
  });

  test('takes the test header in place of randomness, modulo the total, in target order', async () => {
    const { address, plane, proxy, resources } = await world();
    plane.serve(node, resources({ v1: 3, v2: 2 }));
    await until(() => proxy.configVersion > 1, 'the split');
    const picked = [];
    for (let value = 0; value < 12; value++) {
      picked.push((await conversation(address, 20000, once(`X-Pick: ${value}\r\n`))).slice(-2));
    }
    const turn = ['v1', 'v1', 'v1', 'v2', 'v2'];
    expect(picked).toEqual([...turn, ...turn, 'v1', 'v1']);
  });
});
