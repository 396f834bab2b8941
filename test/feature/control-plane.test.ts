import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { proxyAdapter } from '../../adapters/proxy/index.ts';
import type { DataPlaneAdapter } from '../../src/adapter/contract.ts';
import { defaultCompileOptions } from '../../src/compile/index.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../../src/control/control-plane.ts';
import type { ControlPlaneEvent } from '../../src/control/plane.ts';
import { createAuthority, type Svid } from '../../src/identity/authority.ts';
import type { PodObject } from '../../src/kubernetes/types.ts';
import { loadDescriptor } from '../../src/lib/descriptors.ts';
import { spiffeId } from '../../src/lib/spiffe.ts';
import { TestAdsClient } from '../support/ads-client.ts';

const account = (name: string) => spiffeId('cluster.local', 'default', name);
const url = (message: string) => `type.googleapis.com/smi.proxy.v1.${message}`;
const types = proxyAdapter.typeOrder;

const pod = (name: string, address: string) => `---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  serviceAccountName: ${name}
  containers: [{ name: main, image: x, ports: [{ name: http, containerPort: 8080 }] }]
status: { podIPs: [{ ip: ${address} }], conditions: [{ type: Ready, status: 'True' }] }
`;
const service = (name: string, app = name) => `---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${app} }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`;
const serviceAccounts = (...names: string[]) =>
  names.map((name) => `---\napiVersion: v1\nkind: ServiceAccount\nmetadata: { name: ${name} }\n`).join('');
const split = (first: number | string, second: number) => `apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata:
  name: shop
spec:
  service: shop
  backends:
    - service: shop-v1
      weight: ${first}
    - service: shop-v2
      weight: ${second}
`;
const workloads =
  pod('client', '127.0.0.2') +
  pod('shop-v1', '127.0.0.3') +
  pod('shop-v2', '127.0.0.4') +
  service('shop', 'shop-v1') +
  service('shop-v1') +
  service('shop-v2') +
  serviceAccounts('client', 'shop-v1', 'shop-v2');

let directory: string;
let running: ControlPlane[];
let clients: TestAdsClient[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smi-control-plane-'));
  running = [];
  clients = [];
  write('workloads.yaml', workloads);
  write('split.yaml', split(90, 10));
});

afterEach(async () => {
  for (const client of clients) client.close();
  await Promise.all(running.map((controlPlane) => controlPlane.close()));
  rmSync(directory, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  writeFileSync(join(directory, name), text);
}

/** Events as they come, and a way to wait for one. */
class Events {
  readonly all: ControlPlaneEvent[] = [];
  #waiting: (() => void)[] = [];

  readonly add = (event: ControlPlaneEvent): void => {
    this.all.push(event);
    for (const check of [...this.#waiting]) check();
  };

  ofType<T extends ControlPlaneEvent['type']>(type: T): Extract<ControlPlaneEvent, { type: T }>[] {
    return this.all.filter((event): event is Extract<ControlPlaneEvent, { type: T }> => event.type === type);
  }

  until<T extends ControlPlaneEvent['type']>(type: T, count: number): Promise<Extract<ControlPlaneEvent, { type: T }>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no ${type} number ${count}`)), 10_000);
      const check = () => {
        const found = this.ofType(type)[count - 1];
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((other) => other !== check);
        resolve(found);
      };
      this.#waiting.push(check);
      check();
    });
  }
}

async function start(options: Partial<ControlPlaneOptions> = {}) {
  const events = new Events();
  const controlPlane = await startControlPlane({
    paths: [directory],
    stateDirectory: join(directory, '.state'),
    adapters: [{ adapter: proxyAdapter as DataPlaneAdapter, options: {} }],
    compileOptions: defaultCompileOptions,
    ads: { address: '127.0.0.1', port: 0 },
    pollMillis: 40,
    onEvent: events.add,
    ...options,
  });
  running.push(controlPlane);
  controlPlane.start();
  return { controlPlane, events };
}

function connect(
  controlPlane: ControlPlane,
  node: string,
  identity: Svid | undefined,
  options: { held?: ReadonlyMap<string, ReadonlyMap<string, string>>; refuses?: readonly string[] } = {},
) {
  const client = new TestAdsClient(`127.0.0.1:${controlPlane.ads.port}`, node, types, {
    ...options,
    ...(identity === undefined ? {} : { identity }),
  });
  clients.push(client);
  return client;
}

async function connectClient(controlPlane: ControlPlane, options = {}) {
  const client = connect(controlPlane, 'default/client', await controlPlane.issue(account('client')), options);
  await client.until(() => client.names.includes('Workload default/client') && client.names.some(isSecret));
  return client;
}

const isSecret = (name: string) => name.startsWith('Secret ');

function decode(client: TestAdsClient, message: string, name: string): Record<string, unknown> {
  const type = loadDescriptor('proxy').lookupType(`smi.proxy.v1.${message}`);
  return type.toObject(type.decode(client.bodies.get(`${url(message)} ${name}`)!), { defaults: true });
}

function weights(client: TestAdsClient): unknown {
  const { rules } = decode(client, 'OutboundService', 'default/shop:80') as {
    rules: { weighted: { targets: { weight: number }[] } }[];
  };
  return rules[0]?.weighted.targets.map(({ weight }) => weight);
}

describe('delivery', () => {
  it('gives a proxy its own workload and policy, the services, their endpoints and a secret, and nothing of others', async () => {
    const { controlPlane } = await start();
    const client = await connectClient(controlPlane);
    expect([...client.names].sort()).toEqual([
      'Endpoints default/shop-v1:80',
      'Endpoints default/shop-v2:80',
      'Endpoints default/shop:80',
      'InboundPolicy default/client',
      'OutboundService default/shop-v1:80',
      'OutboundService default/shop-v2:80',
      'OutboundService default/shop:80',
      'Secret spiffe://cluster.local/ns/default/sa/client',
      'Workload default/client',
    ]);
    expect(decode(client, 'Endpoints', 'default/shop-v1:80')).toMatchObject({
      endpoints: [{ address: '127.0.0.3', port: 8080, identity: account('shop-v1'), ready: true }],
    });
  });

  it('sends one resource for one changed weight', async () => {
    const { controlPlane, events } = await start();
    const client = await connectClient(controlPlane);
    const before = controlPlane.counters().resources;
    write('split.yaml', split(50, 50));
    await client.until(() => String(weights(client)) === '50,50');
    expect(controlPlane.counters().resources - before).toBe(1);
    expect(events.ofType('published').at(-1)?.changedUnits).toEqual(['proxy/service/default/shop:80']);
    expect(events.ofType('loaded').at(-1)?.changed).toEqual(['split.smi-spec.io/TrafficSplit/default/shop']);
    expect(
      events
        .ofType('splits')
        .at(-1)
        ?.splits.map(({ weight, total }) => `${weight}/${total}`),
    ).toEqual(['50/100', '50/100']);
  });

  it('follows an editor that writes another file and renames it', async () => {
    const { controlPlane } = await start();
    const client = await connectClient(controlPlane);
    write('.split.yaml.swp', split(1, 2));
    renameSync(join(directory, '.split.yaml.swp'), join(directory, 'split.yaml'));
    await client.until(() => String(weights(client)) === '1,2');
  });

  it('sends nothing for a comment, a blank line or another order of fields', async () => {
    const { controlPlane, events } = await start();
    await connectClient(controlPlane);
    const { responses } = controlPlane.counters();
    write('split.yaml', `# a remark\n\n${split(90, 10).replace('kind: TrafficSplit\n', '')}kind: TrafficSplit\n`);
    const loaded = await events.until('loaded', 2);
    expect(loaded.changed).toEqual([]);
    expect(controlPlane.counters().responses).toBe(responses);
    expect(events.ofType('published')).toHaveLength(1);
  });

  it('takes a removed object out', async () => {
    const { controlPlane } = await start();
    const client = await connectClient(controlPlane);
    rmSync(join(directory, 'split.yaml'));
    await client.until(() => String(weights(client)) === '1');
  });
});

describe('what is broken', () => {
  it.each([
    ['a negative weight', split(-1, 10), 'split.yaml', 9],
    ['text that is no YAML', split(90, 10).replace('spec:', 'spec: ]['), 'split.yaml', 5],
    ['an object without name', split(1, 1).replace('name: shop', 'nam: shop'), 'split.yaml', 3],
  ])('%s changes nothing at proxies and is reported at its line', async (_what, text, file, line) => {
    const { controlPlane, events } = await start();
    const client = await connectClient(controlPlane);
    const { responses } = controlPlane.counters();
    write(file, text);
    const loaded = await events.until('loaded', 2);
    expect(loaded.changed).toEqual([]);
    expect(loaded.refused).toEqual(['split.smi-spec.io/TrafficSplit/default/shop']);
    const errors = loaded.diagnostics.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ location }) => location)).toContainEqual(
      expect.objectContaining({ file: join(directory, file), line }),
    );
    expect(controlPlane.counters().responses).toBe(responses);
    expect(weights(client)).toEqual([90, 10]);
  });

  it('keeps the rest of an edit when one object of a file is refused', async () => {
    const { controlPlane } = await start();
    const client = await connectClient(controlPlane);
    write('split.yaml', split(-1, 10) + service('extra', 'shop-v2'));
    await client.until(() => client.names.includes('OutboundService default/extra:80'));
    expect(weights(client)).toEqual([90, 10]);
  });

  it('is answered by the last good version after a restart too', async () => {
    const first = await start();
    await connectClient(first.controlPlane);
    await first.controlPlane.close();
    write('split.yaml', 'kind: [');
    const { controlPlane } = await start();
    const client = await connectClient(controlPlane);
    expect(weights(client)).toEqual([90, 10]);
  });

  it('a resource that a proxy refuses is reported with its origin, the others arrive', async () => {
    const { controlPlane, events } = await start();
    const client = await connectClient(controlPlane, { refuses: ['OutboundService default/shop:80'] });
    const nack = await events.until('nack', 1);
    expect(nack).toMatchObject({ workload: 'default/client', resources: ['default/shop:80'] });
    expect(nack.detail).toContain('refused default/shop:80');
    expect(nack.origins).toContainEqual(
      expect.objectContaining({ object: 'split.smi-spec.io/TrafficSplit/default/shop' }),
    );
    const { diagnostic } = await events.until('finding', 1);
    expect(diagnostic).toMatchObject({
      code: 'SMI5101',
      message: expect.stringContaining('refused default/shop:80, has no earlier version and does without'),
      location: { file: join(directory, 'split.yaml') },
    });
    expect(controlPlane.refusals()).toMatchObject([
      { resources: [{ resource: 'default/shop:80' }], object: 'split.smi-spec.io/TrafficSplit/default/shop', count: 1 },
    ]);
    await client.until(() => client.names.includes('OutboundService default/shop-v1:80'));
    expect(client.names).not.toContain('OutboundService default/shop:80');
    client.refuses.clear();
    write('split.yaml', split(3, 4));
    await client.until(() => client.names.includes('OutboundService default/shop:80'));
    await events.until('recovered', 1);
    expect(controlPlane.refusals()).toEqual([]);
    expect(events.ofType('finding')).toHaveLength(1);
    expect(events.ofType('nack')).toHaveLength(1);
  });

  it('a field that changed since a proxy took the resource last is blamed, and what it took stays', async () => {
    const { controlPlane, events } = await start();
    const client = await connectClient(controlPlane);
    client.refuses.add('default/shop:80');
    write('split.yaml', split(90, 11));
    const { diagnostic } = await events.until('finding', 1);
    expect(diagnostic.location).toMatchObject({ file: join(directory, 'split.yaml'), line: 11 });
    expect(diagnostic.message).toContain('keeps its earlier version');
    expect(weights(client)).toEqual([90, 10]);
    expect(controlPlane.refusals()).toMatchObject([{ path: 'spec.backends[1].weight', by: 'change' }]);
  });
});

describe('who gets what', () => {
  it('a proxy of another account is refused', async () => {
    const { controlPlane } = await start();
    const thief = connect(controlPlane, 'default/client', await controlPlane.issue(account('shop-v1')));
    await thief.until(() => thief.error !== undefined);
    expect(thief.error?.code).toBe(status.PERMISSION_DENIED);
    expect(thief.batches).toEqual([]);
  });

  it('a workload that does not exist is refused', async () => {
    const { controlPlane } = await start();
    const stranger = connect(controlPlane, 'default/nobody', await controlPlane.issue(account('nobody')));
    await stranger.until(() => stranger.error !== undefined);
    expect(stranger.error?.code).toBe(status.PERMISSION_DENIED);
  });

  it.each(['toString', '__proto__', 'constructor'])('a node named %s is refused', async (node) => {
    const { controlPlane } = await start();
    const stranger = connect(controlPlane, node, await controlPlane.issue(account('client')));
    await stranger.until(() => stranger.error !== undefined);
    expect(stranger.error?.code).toBe(status.PERMISSION_DENIED);
  });

  it('the certificate of another authority is refused, whatever it says', async () => {
    const { controlPlane } = await start();
    const { trustBundle } = await controlPlane.issue(account('client'));
    const other = await createAuthority({ trustDomain: 'cluster.local' });
    const forged = { ...(await other.issue(account('client'))), trustBundle };
    const client = connect(controlPlane, 'default/client', forged);
    await client.until(() => client.error !== undefined);
    expect(client.error?.code).toBe(status.UNAVAILABLE);
    expect(client.batches).toEqual([]);
  });

  it('plain text is refused', async () => {
    const { controlPlane } = await start();
    const client = connect(controlPlane, 'default/client', undefined);
    await client.until(() => client.error !== undefined);
    expect(client.batches).toEqual([]);
  });

  it('issues no identity of another trust domain', async () => {
    const { controlPlane } = await start();
    await expect(controlPlane.issue('spiffe://elsewhere/ns/default/sa/client')).rejects.toThrow('trust domain');
    await expect(controlPlane.issue('client')).rejects.toThrow('not a SPIFFE id');
  });

  it('a workload that goes loses its stream', async () => {
    const { controlPlane } = await start();
    const client = await connectClient(controlPlane);
    write('workloads.yaml', workloads.replace(pod('client', '127.0.0.2'), ''));
    await client.until(() => client.error !== undefined);
    expect(client.error?.code).toBe(status.PERMISSION_DENIED);
  });
});

describe('coming back', () => {
  it('a proxy that returns with what it holds is sent nothing', async () => {
    const { controlPlane } = await start();
    const first = await connectClient(controlPlane);
    first.close();
    const { responses } = controlPlane.counters();
    const again = connect(controlPlane, 'default/client', await controlPlane.issue(account('client')), {
      held: first.held,
    });
    // Its own change is the first thing that it hears of.
    write('split.yaml', split(7, 3));
    await again.until(() => again.batches.length > 0);
    expect(again.batches.map(({ resources }) => resources.map(({ name }) => name))).toEqual([['default/shop:80']]);
    expect(controlPlane.counters().responses).toBe(responses + 1);
  });

  it('what vanished meanwhile is taken away', async () => {
    const { controlPlane, events } = await start();
    const first = await connectClient(controlPlane);
    first.close();
    write('workloads.yaml', workloads.replace(service('shop-v2'), ''));
    await events.until('published', 2);
    const again = connect(controlPlane, 'default/client', await controlPlane.issue(account('client')), {
      held: first.held,
    });
    await again.until(
      () => !again.names.some((name) => name.endsWith('default/shop-v2:80')) && again.batches.length > 0,
    );
    expect(again.names).toContain('OutboundService default/shop-v1:80');
  });

  it('a restarted control plane has the same authority', async () => {
    const first = await start();
    const { trustBundle } = await first.controlPlane.issue(account('client'));
    await first.controlPlane.close();
    const second = await start();
    expect((await second.controlPlane.issue(account('client'))).trustBundle).toBe(trustBundle);
    expect(readFileSync(join(directory, '.state/authority.pem'), 'utf8')).toContain('PRIVATE KEY');
  });

  it('under a supervisor nothing is published before the running pods are known', async () => {
    const { controlPlane, events } = await start({ awaitPods: true });
    expect(events.ofType('objects')).toHaveLength(1);
    expect(events.ofType('published')).toHaveLength(0);
    const running: PodObject = {
      meta: {
        key: 'core/Pod/default/client' as PodObject['meta']['key'],
        namespace: 'default',
        name: 'client',
        labels: {},
        annotations: {},
        owners: [],
      },
      spec: { serviceAccountName: 'client', containers: [] },
      ips: ['127.0.0.9'],
      ready: true,
    };
    controlPlane.setPods([running]);
    const client = await connectClient(controlPlane);
    expect(client.names).toContain('Workload default/client');
    controlPlane.setPods([structuredClone(running)]);
    expect(events.ofType('published')).toHaveLength(1);
  });

  it('renews the secret of a connected proxy at half of its life', async () => {
    const { controlPlane } = await start({ svidLifetimeSeconds: 2 });
    const client = await connectClient(controlPlane);
    const secret = () => client.held.get(url('Secret'))?.get(account('client'));
    const first = secret();
    await client.until(() => secret() !== first);
  });
});
