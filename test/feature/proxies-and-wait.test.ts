import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { proxyAdapter } from '../../adapters/proxy/index.ts';
import type { DataPlaneAdapter } from '../../src/adapter/contract.ts';
import { defaultCompileOptions } from '../../src/compile/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/control/control-plane.ts';
import { spiffeId } from '../../src/lib/spiffe.ts';
import { TestAdsClient } from '../support/ads-client.ts';
import { runCli } from '../support/run-cli.ts';

const pod = (name: string, address: string) => `---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  serviceAccountName: ${name}
  containers: [{ name: main, image: x, ports: [{ name: http, containerPort: 8080 }] }]
status: { podIPs: [{ ip: ${address} }], conditions: [{ type: Ready, status: 'True' }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name} }
`;
const split = (first: number | string, second: number) => `apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata:
  name: shop
spec:
  service: shop
  backends:
    - service: shop
      weight: ${first}
    - service: client
      weight: ${second}
`;

let root: string;
let controlPlane: ControlPlane;
const clients: TestAdsClient[] = [];

const write = (text: string) => writeFileSync(join(root, 'manifests', 'split.yaml'), text);
const cli = (...args: readonly string[]) => runCli([...args, '--state', join(root, 'state')]);

async function connect(name: string): Promise<TestAdsClient> {
  const identity = await controlPlane.issue(spiffeId('cluster.local', 'default', name));
  const address = `127.0.0.1:${controlPlane.ads.port}`;
  const client = new TestAdsClient(address, `default/${name}`, proxyAdapter.typeOrder, { identity });
  clients.push(client);
  await client.until(() => client.names.some((each) => each.startsWith('Secret ')));
  return client;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'smi-wait-'));
  mkdirSync(join(root, 'manifests'));
  mkdirSync(join(root, 'state'), { mode: 0o700 });
  writeFileSync(join(root, 'manifests', 'pods.yaml'), pod('client', '127.0.0.2') + pod('shop', '127.0.0.3'));
  write(split(90, 10));
  controlPlane = await startControlPlane({
    paths: [join(root, 'manifests')],
    stateDirectory: join(root, 'state'),
    adapters: [{ adapter: proxyAdapter as DataPlaneAdapter, options: {} }],
    compileOptions: defaultCompileOptions,
    ads: { address: '127.0.0.1', port: 0 },
    // It looks only when it is asked to.
    pollMillis: 3_600_000,
    onEvent: () => {},
  });
  controlPlane.start();
  await connect('client');
  await connect('shop');
});

afterAll(async () => {
  for (const client of clients) client.close();
  await controlPlane.close();
  rmSync(root, { recursive: true, force: true });
});

describe('smi-cli wait', () => {
  it('covers what was saved just before, and says where the time went', async () => {
    write(split(50, 50));
    const { status, stdout } = await cli('wait');
    expect(stdout).toMatch(/^landed: all 2 proxies have generation 2, \d+ ms after it was saved\n/);
    expect(stdout).toMatch(/watch \d+ ms, compile \d+ ms, push \d+ ms, ack \d+ ms/);
    expect(stdout).toMatch(/slowest: (client|shop) \d+ ms, (client|shop) \d+ ms/);
    expect(status).toBe(0);
  });

  it('takes objects, and refuses names that no object ever had', async () => {
    const named = await cli('wait', 'trafficsplit/shop', '-o', 'json');
    expect(JSON.parse(named.stdout)).toMatchObject({ outcome: 'landed', rollout: { generation: 2, touched: 2 } });
    const unknown = await cli('wait', 'TrafficSplit/default/shops');
    expect(unknown.stderr).toContain('there is no TrafficSplit/default/shops in the files');
    expect([named.status, unknown.status]).toEqual([0, 2]);
  });

  it('fails with the line of an error, and not for other objects', async () => {
    write(split(-1, 50));
    const { status, stdout } = await cli('wait');
    expect(stdout).toMatch(/^refused: the files have 1 error; what was good before stays in force\n/);
    expect(stdout).toContain(`${join(root, 'manifests', 'split.yaml')}:9:15 (TrafficSplit default/shop)`);
    expect(status).toBe(1);
    expect((await cli('wait', 'Service/shop')).status).toBe(0);
  });

  it('fails with the line that a proxy refuses, and is fine again after the correction', async () => {
    clients[0]!.refuses.add('default/shop:80');
    write(split(50, 51));
    const { status, stdout } = await cli('wait', 'TrafficSplit/default/shop');
    expect(stdout).toMatch(/^refused: 1 proxy does not take all of generation \d+\n/);
    expect(stdout).toContain('error[SMI5101]: the proxy of default/client refused default/shop:80');
    expect(stdout).toContain(`${join(root, 'manifests', 'split.yaml')}:11:15 (TrafficSplit default/shop)`);
    expect(status).toBe(1);
    clients[0]!.refuses.clear();
    write(split(50, 52));
    expect((await cli('wait')).status).toBe(0);
  });

  it('gives up when a proxy does not answer, and names it', async () => {
    clients[1]!.silent = true;
    write(split(50, 53));
    const { status, stdout } = await cli('wait', '--timeout', '300ms');
    expect(stdout).toMatch(/^not landed within 0.3 s: 1 of 2 proxies lack generation \d+: shop\n/);
    expect(status).toBe(3);
    clients[1]!.close();
    const again = await connect('shop');
    await again.until(() => again.names.includes('OutboundService default/shop:80'));
    expect((await cli('wait')).status).toBe(0);
  });
});

describe('smi-cli proxies', () => {
  it('lists every proxy with what it has', async () => {
    const { status, stdout } = await cli('proxies', '-o', 'wide');
    expect(stdout).toMatch(/^2 proxies: all have what the manifests say\n/);
    expect(stdout).toMatch(/^client +proxy +delta +\d+ +\d+ +synced .*OutboundService 2@\S{8}/m);
    expect(status).toBe(0);
  });

  it('names the poisoned object, and shows what differs in it', async () => {
    clients[0]!.refuses.add('default/shop:80');
    write(split(50, 99));
    await cli('wait');
    const list = await cli('proxies');
    expect(list.stdout).toMatch(/^2 proxies: 1 refuses configuration\n/);
    expect(list.stdout).toMatch(/^client .* refused .*TrafficSplit default\/shop$/m);
    expect(list.stdout).toContain('split.yaml:11:15');
    const diff = await cli('proxies', 'client', '--diff');
    expect(diff.stdout).toMatch(
      /^OutboundService default\/shop:80: has \S{22}, should have \S{22}, which it refuses$/m,
    );
    expect(diff.stdout).toContain('  - rules[0].weighted.targets[1].weight: 53\n');
    expect(diff.stdout).toContain('  + rules[0].weighted.targets[1].weight: 99\n');
    const json = await cli('proxies', 'default/client', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ proxies: [{ node: 'default/client', state: 'refused' }] });
    expect([list.status, diff.status, json.status]).toEqual([1, 1, 1]);
    expect(diff.stdout + json.stdout).not.toContain('PRIVATE KEY');
  });

  it('forgets the refusal once the correction is taken', async () => {
    clients[0]!.refuses.clear();
    write(split(1, 1));
    await cli('wait');
    await vi.waitFor(() => expect(controlPlane.refusals()).toEqual([]));
  });

  it('needs a control plane, and a proxy that is there', async () => {
    const nobody = await runCli(['proxies', '--state', join(root, 'manifests')]);
    expect(nobody.stderr).toContain('error[SMI6111]: no control plane has its state in');
    const missing = await cli('proxies', 'nobody');
    expect(missing.stderr).toContain('no proxy of default/nobody is connected');
    const wrong = await cli('proxies', '--diff');
    expect([nobody.status, missing.status, wrong.status]).toEqual([3, 3, 2]);
  });
});
