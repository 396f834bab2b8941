import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workloadId } from '../../src/model/ids.ts';
import { envoyBinary } from '../support/envoy.ts';
import { takeAddressRange } from '../support/mesh/address-range.ts';
import { createCredentials } from '../support/mesh/credentials.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import type { Plane } from '../support/mesh/planes.ts';
import { until } from '../unit/proxy/support/mesh.ts';
import { type GrpcMesh, grpcMesh } from './support/grpc-model.ts';
import { type Language, PeerClient, PeerServer, peerCommands, type Question } from './support/grpc-peers.ts';

/** gRPC programs of three languages with one another, directly and through sidecars. */

/** What every client must report of every server, whatever is between them. */
const scenarios: readonly (readonly [string, unknown])[] = [
  ['unary', [0, '', 'hello']],
  ['empty', [0, 0]],
  ['metadata', [0, 'a b;c', true]],
  ['statuses', Array.from({ length: 16 }, (_, index) => index + 1)],
  ['status after metadata', [5, 'no', 'a']],
  ['unknown method', 12],
  ['collect', '100:100000'],
  ['produce', [0, 100, 100_000]],
  ['status after messages', [9, 2, 'nö']],
  ['chat', [0, 50]],
  ['deadline', [4, true]],
  ['cancel', [1, true]],
  ['large', [0, 4_000_000]],
  ['concurrent', 100],
  ['slow reader', [0, 100, 5_000_000, 20]],
];

const { path: binary, reason } = envoyBinary();
const envoy = binary === undefined ? undefined : envoyPlane(binary);

interface Way {
  readonly title: string;
  /** Who serves the client; nobody where it calls the program itself. */
  readonly clients?: Plane;
  /** Who serves the servers. */
  readonly servers?: Plane;
  readonly missing?: string | undefined;
  /** Only programs of the same language with one another. */
  readonly sameLanguage?: true;
}

function both(clients: Plane | undefined, servers: Plane | undefined): Pick<Way, 'clients' | 'servers'> {
  return clients === undefined || servers === undefined ? {} : { clients, servers };
}

const ways: readonly Way[] = [
  { title: 'nothing' },
  { title: 'one of our proxies', clients: proxyPlane },
  { title: 'two of our proxies with mutual TLS', clients: proxyPlane, servers: proxyPlane },
  { title: 'our proxy to Envoy', ...both(proxyPlane, envoy), sameLanguage: true, missing: reason },
  { title: 'Envoy to our proxy', ...both(envoy, proxyPlane), sameLanguage: true, missing: reason },
  { title: 'two Envoys', ...both(envoy, envoy), missing: reason },
];

const peers = peerCommands();
const commandOf = (language: Language): readonly string[] | undefined => {
  const peer = peers.find(([name]) => name === language)?.[1];
  return peer !== undefined && 'command' in peer ? peer.command : undefined;
};
for (const [language, peer] of peers) if ('missing' in peer) console.warn(`without ${language}: ${peer.missing}`);

describe.each(ways.map((way) => [way.title, way] as const))('gRPC through %s', (_, way) => {
  const cleanups: (() => unknown)[] = [];
  const clients = new Map<Language, PeerClient>();
  const servers = new Map<Language, PeerServer>();
  let mesh: GrpcMesh | undefined;

  beforeAll(async () => {
    if (way.missing !== undefined) return;
    const range = await takeAddressRange();
    cleanups.push(() => range.release());
    mesh = grpcMesh(
      range.base,
      peers.map(([name]) => name),
    );
    await Promise.all(peers.map(([language]) => startPeer(language)));
    const credentials = await createCredentials();
    const { model } = mesh;
    if (way.servers !== undefined) {
      const meshed = Object.values(model.workloads).filter(({ name }) => name.startsWith('mesh-'));
      cleanups.push(
        await way.servers.start(
          model,
          meshed.map(({ id }) => id),
          credentials,
        ),
      );
    }
    if (way.clients !== undefined) {
      cleanups.push(await way.clients.start(model, [workloadId('default', 'buyer')], credentials));
    }
  });
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  async function startPeer(language: Language): Promise<void> {
    const command = commandOf(language);
    if (command === undefined) return;
    const { address, port } = mesh!.ends[language]!.program;
    const server = new PeerServer(command, `${address}:${port}`);
    const client = new PeerClient(command);
    servers.set(language, server);
    clients.set(language, client);
    cleanups.push(() => client.stop());
    cleanups.push(() => server.stop('SIGKILL'));
    await server.start();
  }

  function question(server: Language, scenario: string): Question {
    const { program, listeners } = mesh!.ends[server]!;
    const service = `${way.servers === undefined ? 'plain' : 'mesh'}-${server}`;
    const { address, port } = way.clients === undefined ? program : listeners[service]!;
    return { target: `${address}:${port}`, authority: service, scenario };
  }

  for (const [client] of peers) {
    for (const [server] of peers) {
      if (way.sameLanguage === true && client !== server) continue;
      const possible = commandOf(client) !== undefined && commandOf(server) !== undefined && way.missing === undefined;
      it.skipIf(!possible).each(scenarios)(`${client} to ${server}: %s`, async (scenario, expected) => {
        const answer = await clients.get(client)!.ask(question(server, scenario));
        // Servers reset calls at their deadline too; unless our proxy tells it, a client that is late calls that otherwise.
        const excused = scenario === 'deadline' && way.clients !== proxyPlane;
        if (excused)
          expect([
            [4, true],
            [1, true],
            [14, true],
          ]).toContainEqual(answer);
        else expect(answer).toEqual(expected);
      });
    }
  }

  for (const [language] of peers) {
    const possible = commandOf(language) !== undefined && way.missing === undefined;
    it.skipIf(!possible)(`${language} to ${language}: a server that ends and comes back`, async () => {
      const client = clients.get(language)!;
      const server = servers.get(language)!;
      const code = async () => ((await client.ask(question(language, 'unary'))) as readonly unknown[])[0];
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        await server.stop(signal);
        expect(await code()).toBe(14);
        await server.start();
        await until(async () => (await code()) === 0, 'a call that works again');
      }
    });
  }
});
