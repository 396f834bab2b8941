import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningMesh } from '../e2e/support/mesh.ts';
import { type Answers, type Calls, clientCommands, type Language, XdsClient } from './support/xds-clients.ts';
import { XdsMesh } from './support/xds-mesh.ts';

/** gRPC clients of three languages without a sidecar, in a mesh that `smi-cli up` runs. */

const permissionDenied = '7';
const unavailable = '14';
const failedPrecondition = '9';
const deadlineExceeded = '4';

const found = clientCommands();
const usable = found.flatMap(([language, client]) => ('command' in client ? [{ language, ...client }] : []));
const missing = found.flatMap(([language, client]) => ('missing' in client ? [`${language}: ${client.missing}`] : []));

let files: XdsMesh;
let mesh: RunningMesh;
let bootstrap: string;
const clients = new Map<Language, XdsClient>();

beforeAll(async () => {
  files = new XdsMesh();
  mesh = new RunningMesh(files.folder, files.state);
  await mesh.next('ready', 0, () => true, 90_000);
  bootstrap = join(files.state, 'grpc', 'default.buyer-0', 'bootstrap.json');
  for (const { language, command } of usable) clients.set(language, new XdsClient(command, bootstrap));
});

afterAll(async () => {
  for (const client of clients.values()) client.stop();
  await mesh?.stop();
  files?.remove();
});

/** Asks every client until its answers are as wanted. */
async function eventually(calls: Calls, wanted: (answers: Answers) => boolean, except?: Language): Promise<void> {
  for (const language of clients.keys()) if (language !== except) await answered(language, calls, wanted);
}

/** Calls again until the answers are as wanted: a client knows endpoints before it is connected to all of them. */
async function answered(language: Language, calls: Calls, wanted: (answers: Answers) => boolean): Promise<void> {
  const deadline = performance.now() + 40_000;
  for (;;) {
    const answers = await clients.get(language)!.call(calls);
    if (wanted(answers)) return;
    if (performance.now() > deadline) throw new Error(`${language}: ${JSON.stringify(answers)}; ${mesh.tail()}`);
  }
}

const only =
  (...names: readonly string[]) =>
  (answers: Answers) =>
    Object.keys(answers).sort().join() === [...names].sort().join();

describe.skipIf(missing.length > 0).each(usable)(`a client in $language`, ({ language }) => {
  const call = (calls: Calls) => clients.get(language)!.call(calls);

  it.each(['store', 'store:80', 'store.default', 'store.default.svc.cluster.local:80'])(
    'finds xds:///%s',
    async (name) => {
      expect(Object.keys(await call({ target: `xds:///${name}` }))).toEqual([expect.stringMatching(/^v[12]$/)]);
    },
  );

  it('splits by weight', async () => {
    const { v1 = 0, v2 = 0, ...others } = await call({ target: 'xds:///store.default:80', calls: 400 });
    expect(others).toEqual({});
    expect(v1 + v2).toBe(400);
    // 75 : 25; six standard deviations of 8.7 calls.
    expect(Math.abs(v1 - 300)).toBeLessThan(52);
  });

  it.each([
    [{ 'x-beta': 'yes' }, 'v2'],
    [{ 'x-beta': 'always' }, 'v2'],
    [{ 'x-beta': 'alway' }, 'v1'],
    [{}, 'v1'],
  ])('matches metadata: %j goes to %s', async (metadata: Readonly<Record<string, string>>, version) => {
    expect(await call({ target: 'xds:///shelf', metadata, calls: 10 })).toEqual({ [version]: 10 });
  });

  it('is refused by the server what its identity may not call', async () => {
    expect(await call({ target: 'xds:///store', method: '/shop.Books/Put' })).toEqual({ [permissionDenied]: 1 });
  });

  it('is refused without a connection where no server would let it in', async () => {
    expect(await call({ target: 'xds:///vault.default:80' })).toEqual({ [permissionDenied]: 1 });
  });

  it('calls endpoints without a sidecar in plain text', async () => {
    expect(await call({ target: 'xds:///legacy.default:80', calls: 2 })).toEqual({ 'legacy-0': 2 });
  });

  it('calls endpoints with and without a sidecar behind one service', async () => {
    expect(Object.keys(await call({ target: 'xds:///mixed', calls: 40 })).sort()).toEqual(['legacy-0', 'v1']);
  });

  it('takes what policies say of endpoints, time and retries', async () => {
    expect(Object.keys(await call({ target: 'xds:///tuned', calls: 20 })).sort()).toEqual(['pool-0', 'pool-1']);
  });

  it('sends what has one hash to one endpoint', async () => {
    const found = new Set<string>();
    for (let user = 0; user < 40; user += 1) {
      const answers = await call({ target: 'xds:///ring', metadata: { 'x-user': `user-${user}` }, calls: 3 });
      expect(Object.values(answers)).toEqual([3]);
      for (const name of Object.keys(answers)) found.add(name);
    }
    expect(found.size).toBe(2);
  });

  it('injects faults, and ends calls in time', async () => {
    expect(await call({ target: 'xds:///faulty' })).toEqual({ [failedPrecondition]: 1 });
    expect(await call({ target: 'xds:///slow', metadata: { 'x-wait': '1' } })).toEqual({ [deadlineExceeded]: 1 });
  });

  it('finds all endpoints of a service', async () => {
    await answered(language, { target: 'xds:///pool', calls: 20 }, only('pool-0', 'pool-1'));
  });
});

describe.skipIf(missing.length > 0)('clients that run', () => {
  it('have refused nothing', () => {
    expect(mesh.all('nack')).toEqual([]);
  });

  it('see new weights', async () => {
    files.edit('splits.yaml', /weight: 75(.*)weight: 25/, 'weight: 0$1weight: 1');
    await eventually({ target: 'xds:///store', calls: 20 }, only('v2'));
  });

  it('see an endpoint go', async () => {
    files.edit('pool.yaml', /replicas: 2/, 'replicas: 1');
    await eventually({ target: 'xds:///pool', calls: 20 }, only('pool-0'));
  });

  it('see a service go and come back', async () => {
    await eventually({ target: 'xds:///gone.default:80', calls: 20 }, only('v1', 'v2'));
    const text = readFileSync(join(files.folder, 'gone.yaml'), 'utf8');
    files.delete('gone.yaml');
    await eventually({ target: 'xds:///gone.default:80', calls: 2 }, only(unavailable));
    writeFileSync(join(files.folder, 'gone.yaml'), text);
    // grpc-js does not tell its channels of a resource that comes back as it was before it went.
    await eventually({ target: 'xds:///gone.default:80', calls: 20 }, only('v1', 'v2'), 'node');
  });

  it('go on without the control plane, and see what changes when it is back', async () => {
    const mark = mesh.events.length;
    process.kill(mesh.pidOf('control-plane'), 'SIGKILL');
    await mesh.next('process', mark, ({ part, state }) => part === 'control-plane' && state === 'exited');
    for (const client of clients.values()) {
      expect(await client.call({ target: 'xds:///store', calls: 5 })).toEqual({ v2: 5 });
    }
    await mesh.next('reload', mark);
    files.edit('splits.yaml', /weight: 0(.*)weight: 1/, 'weight: 1$1weight: 0');
    await eventually({ target: 'xds:///store', calls: 20 }, only('v1'));
  });

  it('need no sidecar in their pod', async () => {
    const path = join(files.state, 'grpc', 'default.walker-0', 'bootstrap.json');
    const client = new XdsClient(usable[0]!.command, path);
    try {
      expect(await client.call({ target: 'xds:///shelf', calls: 3 })).toEqual({ v1: 3 });
      expect(await client.call({ target: 'xds:///vault' })).toEqual({ [permissionDenied]: 1 });
    } finally {
      client.stop();
    }
  });

  it.each(usable.filter(({ language }) => language !== 'node'))(
    'reach the control plane by mutual TLS: $language',
    async ({ command }) => {
      const config = JSON.parse(readFileSync(bootstrap, 'utf8'));
      const [ads] = mesh.all('starting').map(({ addresses }) => addresses.replace('0.0/16', '255.253:15010'));
      const [provider] = Object.values(config.certificate_providers) as { config: unknown }[];
      config.xds_servers = [{ server_uri: ads, channel_creds: [{ type: 'tls', config: provider!.config }] }];
      const path = join(files.root, 'tls.json');
      writeFileSync(path, JSON.stringify(config));
      const client = new XdsClient(command, path);
      try {
        expect(await client.call({ target: 'xds:///shelf', calls: 3 })).toEqual({ v1: 3 });
      } finally {
        client.stop();
      }
    },
  );
});
