import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { type ProxyBootstrap, type RunningProxy, type StaticResource, startProxy } from '../../../src/proxy/index.ts';
import { controlPlane, type TestControlPlane } from './support/control-plane.ts';
import { conversation, endpoints, metrics, namedServer, ownAddress, service, until, workload } from './support/mesh.ts';

const node = 'default/client';
const identity = spiffeId('cluster.local', 'default', 'client');
const serverIdentity = spiffeId('cluster.local', 'smi-mesh', 'controller');

describe('configuration over ADS', () => {
  let authority: Authority;
  const cleanups: (() => unknown)[] = [];

  beforeAll(async () => {
    authority = await createAuthority({ trustDomain: 'cluster.local' });
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  async function plane(address: string, port = 0): Promise<TestControlPlane> {
    const created = await controlPlane(authority, address, port);
    cleanups.push(() => created.server.close(100));
    return created;
  }

  async function proxy(address: string, fields: Partial<ProxyBootstrap>): Promise<RunningProxy & { lines: string[] }> {
    const lines: string[] = [];
    const secret = await authority.issue(identity);
    const bootstrap = { node, admin: { address, port: 0 }, secret, ...fields };
    const running = await startProxy(bootstrap, { log: (line) => lines.push(line) });
    cleanups.push(() => running.stop());
    return Object.assign(running, { lines });
  }

  async function world() {
    const address = ownAddress();
    const [v1, v2] = await Promise.all([namedServer('v1'), namedServer('v2')]);
    cleanups.push(v1.close, v2.close);
    const listener = { address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] };
    const resources = (weights: Record<string, number>, rule: Record<string, unknown> = {}): StaticResource[] => {
      const store = service('store', 80, weights);
      const rules = (store.rules as Record<string, unknown>[]).map((each) => ({ ...each, ...rule }));
      return [
        workload({ name: node, identity, outbound: [listener] }),
        { ...store, rules },
        endpoints('v1', 80, [v1]),
        endpoints('v2', 80, [v2]),
      ];
    };
    return { address, resources };
  }

  const ask = (address: string) =>
    conversation(address, 20000, 'GET / HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n').then(
      (answer) => `${answer.slice(9, 12)} ${answer.slice(-2)}`,
    );

  test('a proxy becomes ready by what the control plane says, and follows its changes', async () => {
    const { address, resources } = await world();
    const { port, serve } = await plane(address);
    serve(node, resources({ v1: 1 }));
    const running = await proxy(address, { ads: { address, port, serverIdentity } });
    await running.ready;
    expect(await ask(address)).toBe('200 v1');
    serve(node, resources({ v2: 1 }));
    await until(async () => (await ask(address)) === '200 v2', 'the new backend');
  });

  test('a proxy counts whether its control plane is there, and how old its certificate is', async () => {
    const { address, resources } = await world();
    const { port, serve, server } = await plane(address);
    serve(node, resources({ v1: 1 }));
    const running = await proxy(address, { ads: { address, port, serverIdentity } });
    await running.ready;
    const value = async (name: string) =>
      Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await metrics(running))?.[1] ?? 'NaN');
    expect(await value('smi_control_plane_connected')).toBe(1);
    const issued = await value('smi_certificate_issued_timestamp_seconds');
    const expiry = await value('smi_certificate_expiry_timestamp_seconds');
    expect(issued).toBeLessThan(Date.now() / 1000);
    expect(expiry).toBeGreaterThan(Date.now() / 1000);
    await server.close(100);
    await until(async () => (await value('smi_control_plane_connected')) === 0, 'the loss of the control plane');
  });

  test('a certificate obtained beside a control plane that refuses the first one opens the way to it', async () => {
    const { address, resources } = await world();
    const { port, serve } = await plane(address);
    serve(node, resources({ v1: 1 }));
    const stranger = await createAuthority({ trustDomain: 'cluster.local' });
    const secret = { ...(await stranger.issue(identity)), trustBundle: authority.trustBundle };
    const running = await proxy(address, { secret, ads: { address, port, serverIdentity } });
    await until(() => running.lines.some((line) => line.includes('control plane lost')), 'a refusal');
    expect(running.offerSecret({ ...secret, trustBundle: 'nonsense' })).toContain('no certificate');
    expect(running.offerSecret(await authority.issue(identity))).toBeUndefined();
    await running.ready;
    expect(await ask(address)).toBe('200 v1');
  });

  test('a bad resource is refused with its field, and what was good stays', async () => {
    const { address, resources } = await world();
    const { port, serve, events } = await plane(address);
    serve(node, resources({ v1: 1 }));
    const running = await proxy(address, { ads: { address, port, serverIdentity } });
    await running.ready;
    serve(node, resources({ v2: 1 }, { match: { path: { regex: '(' } } }));
    await until(() => events.some((event) => event.kind === 'nack'), 'a refusal');
    const nack = events.find((event) => event.kind === 'nack');
    expect(nack).toMatchObject({
      names: ['default/store:80'],
      detail: expect.stringContaining('rules[0].match.path.regex'),
    });
    expect(await ask(address)).toBe('200 v1');
  });

  test('what was refused from the start lets nothing through, and the rest is served', async () => {
    const { address, resources } = await world();
    const { port, serve, events } = await plane(address);
    serve(node, resources({ v1: 1 }, { match: { path: { regex: '(' } } }));
    const running = await proxy(address, { ads: { address, port, serverIdentity } });
    await until(() => events.some((event) => event.kind === 'nack'), 'a refusal');
    await running.ready;
    expect(await ask(address)).not.toMatch(/^200/);
    serve(node, resources({ v1: 1 }));
    await until(async () => (await ask(address)) === '200 v1', 'the correction');
  });

  test('without its control plane a proxy goes on, and follows again when it is back', async () => {
    const { address, resources } = await world();
    const first = await plane(address);
    first.serve(node, resources({ v1: 1 }));
    const running = await proxy(address, { ads: { address, port: first.port, serverIdentity } });
    await running.ready;
    await first.server.close(0);
    await until(() => running.lines.some((line) => line.includes('control plane lost')), 'the loss');
    expect(await ask(address)).toBe('200 v1');
    const second = await plane(address, first.port);
    second.serve(node, resources({ v2: 1 }));
    await until(async () => (await ask(address)) === '200 v2', 'the new backend');
  });

  test('a restart without control plane serves what was good before', async () => {
    const { address, resources } = await world();
    const directory = mkdtempSync(join(tmpdir(), 'smi-proxy-'));
    cleanups.push(() => rmSync(directory, { recursive: true, force: true }));
    const stateFile = join(directory, 'state.json');
    const { port, serve, server } = await plane(address);
    serve(node, resources({ v1: 1 }));
    const before = await proxy(address, { ads: { address, port, serverIdentity }, stateFile });
    await before.ready;
    await before.stop();
    await server.close(0);
    expect(statSync(stateFile).mode & 0o777).toBe(0o600);
    const after = await proxy(address, { ads: { address, port, serverIdentity }, stateFile });
    await after.ready;
    expect(await ask(address)).toBe('200 v1');
  });

  test('a control plane with another identity is not believed', async () => {
    const { address, resources } = await world();
    const { port, serve, events } = await plane(address);
    serve(node, resources({ v1: 1 }));
    const other = spiffeId('cluster.local', 'smi-mesh', 'somebody');
    const running = await proxy(address, { ads: { address, port, serverIdentity: other } });
    await until(() => running.lines.some((line) => line.includes('another identity')), 'the refusal');
    expect(events).toEqual([]);
    expect(running.configVersion).toBe(0);
  });

  test('a new certificate is used for new connections and shown nowhere', async () => {
    const { address, resources } = await world();
    const { port, serve } = await plane(address);
    const secret = async () => ({
      typeUrl: 'type.googleapis.com/smi.proxy.v1.Secret',
      name: identity,
      ...(await authority.issue(identity)),
    });
    serve(node, [...resources({ v1: 1 }), await secret()]);
    const running = await proxy(address, { ads: { address, port, serverIdentity } });
    await running.ready;
    serve(node, [...resources({ v1: 1 }), await secret()]);
    const rotations = () => running.lines.filter((line) => line.startsWith('certificate of')).length;
    await until(() => rotations() === 2, 'the second certificate');
    const admin = `http://${running.adminAddress.address}:${running.adminAddress.port}`;
    const config = await (await fetch(`${admin}/config`)).text();
    expect(config).toContain('BEGIN CERTIFICATE');
    expect(config).not.toContain('PRIVATE KEY');
    expect((await fetch(`${admin}/ready`)).status).toBe(200);
  });
});
