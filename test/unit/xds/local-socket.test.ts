import { existsSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { createXdsServer, type XdsServer } from '../../../src/xds/server.ts';
import { createView, resourceVersion } from '../../../src/xds/view.ts';
import { TestAdsClient } from '../../support/ads-client.ts';

const typeUrl = 'test/Thing';
const body = Buffer.from('x');
const view = (name: string) => createView([{ typeUrl, name, version: resourceVersion(body), body }]);
const identity = spiffeId('cluster.local', 'default', 'server');

let directory: string;
let path: string;
let servers: XdsServer[];
let clients: TestAdsClient[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smi-socket-'));
  path = join(directory, 'xds.sock');
  servers = [];
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await Promise.all(servers.map((server) => server.close()));
  rmSync(directory, { recursive: true, force: true });
});

/** Knows `node` by its identity at the port, and `local` at the socket. */
async function serve(): Promise<XdsServer> {
  const server = await createXdsServer({
    address: '127.0.0.1',
    port: 0,
    typeOrders: [[typeUrl]],
    tls: await (await createAuthority({ trustDomain: 'cluster.local' })).issue(identity),
    authorize: (peer) => peer !== undefined,
    viewOf: () => view('of the port'),
    local: { path, authorize: (node) => node === 'local', viewOf: () => view('of the socket') },
  });
  servers.push(server);
  return server;
}

function connect(address: string, node: string): TestAdsClient {
  const client = new TestAdsClient(address, node, [typeUrl]);
  clients.push(client);
  return client;
}

describe('the local socket', () => {
  it('serves what it is given to whoever can open it, and nobody else can', async () => {
    await serve();
    const client = connect(`unix:${path}`, 'local');
    await client.until(() => client.batches.length > 0);
    expect(client.names).toEqual(['test/Thing of the socket']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('refuses other nodes', async () => {
    await serve();
    const client = connect(`unix:${path}`, 'node');
    await client.until(() => client.error !== undefined);
    expect(client.error?.code).toBe(status.PERMISSION_DENIED);
  });

  it('opens the port for nobody', async () => {
    const { port } = await serve();
    const client = connect(`127.0.0.1:${port}`, 'local');
    await client.until(() => client.error !== undefined);
    expect(client.batches).toEqual([]);
  });

  it('takes the place of a socket that nobody listens at any more', async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(join(directory, 'dead'), resolve));
    // A process that is killed leaves its socket behind; one that closes removes it by the name that it gave.
    renameSync(join(directory, 'dead'), path);
    await new Promise<void>((resolve) => dead.close(() => resolve()));
    expect(existsSync(path)).toBe(true);
    await serve();
    const client = connect(`unix:${path}`, 'local');
    await client.until(() => client.batches.length > 0);
  });
});
