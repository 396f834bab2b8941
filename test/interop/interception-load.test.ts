import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { InterceptedMesh, meshOf, type Sidecar } from './support/intercepted-mesh.ts';
import { cannotIntercept } from './support/network.ts';

const lacks = cannotIntercept();
if (lacks !== undefined && process.env.CI === 'true') throw new Error(lacks);

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const connections = 10_000;

describe.skipIf(lacks !== undefined)(`many short connections of a redirected pod (${lacks ?? 'both stacks'})`, () => {
  let mesh: InterceptedMesh;

  beforeAll(async () => {
    mesh = await InterceptedMesh.start(meshOf(file('interception/mesh.yaml')));
    await mesh.serve('web-0');
    await mesh.serve('web-1');
  }, 120_000);

  afterAll(() => mesh?.close());

  const load = async (host: string, port: number, count: number) => {
    const program = [process.execPath, file('interception/load.ts'), host, `${port}`, `${count}`];
    const { stdout, stderr } = await mesh.pod('client').run(0, program, 120_000);
    return `${stdout}${stderr}`.trim();
  };

  const cost = async (proxy: Sidecar, host: string, port: number, count: number) => {
    const before = proxy.cpu;
    expect(await load(host, port, count)).toBe('0');
    return ((proxy.cpu - before) / count) * 1e6;
  };

  it('are all answered, and leave no descriptor behind', { timeout: 240_000 }, async () => {
    const client = mesh.sidecar('client');
    const server = mesh.sidecar('web-0');
    expect(await load('10.96.0.10', 80, 100)).toBe('0');
    const before = [client.descriptors, server.descriptors];
    expect(await load('10.96.0.10', 80, connections / 2)).toBe('0');
    expect(await load('fd96::10', 80, connections / 2)).toBe('0');
    // Connections between the proxies and to the program may stay for a while; those of clients are gone.
    const room = 64;
    await vi.waitFor(
      () => {
        expect(client.descriptors).toBeLessThan(before[0]! + room);
        expect(server.descriptors).toBeLessThan(before[1]! + room);
      },
      { timeout: 60_000, interval: 200 },
    );
  });

  it('cost the proxy little more than those to a port of its own', { timeout: 240_000 }, async () => {
    await mesh.pod('client').setUp('sysctl -q -w net.ipv4.ip_unprivileged_port_start=0');
    const bound = await mesh.startProxy('client', 15_100);
    const count = connections / 2;
    // Warm.
    await load('127.0.0.1', 80, count / 2);
    await load('10.96.0.10', 80, count / 2);
    const own = await cost(bound, '127.0.0.1', 80, count);
    const redirected = await cost(mesh.sidecar('client'), '10.96.0.10', 80, count);
    console.log(
      `processor time of the client's proxy for a connection with one request: ${own.toFixed(0)} µs at a port of its own, ` +
        `${redirected.toFixed(0)} µs redirected`,
    );
    // Far above what is measured, whatever else the machine does: work that grows with each connection would show.
    expect(redirected).toBeLessThan(own * 3 + 500);
  });
});
