import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subject, SubjectContext, SubjectProcess } from '../subject.ts';
import {
  accessPolicy,
  cluster,
  downstreamTls,
  type HttpVersion,
  httpManager,
  listener,
  socketAddress,
  tcpProxy,
  upstreamTls,
} from './pieces.ts';

interface Sidecar {
  readonly name: string;
  readonly port: number;
  readonly adminPort: number;
  readonly listener: unknown;
  readonly cluster: unknown;
}

/** One Envoy with one worker. */
function sidecar({ folder, programs }: SubjectContext, { name, port, adminPort, ...pieces }: Sidecar): SubjectProcess {
  const file = join(folder, `envoy-${name}.json`);
  const bootstrap = {
    admin: { address: socketAddress(adminPort) },
    static_resources: { listeners: [pieces.listener], clusters: [pieces.cluster] },
  };
  writeFileSync(file, JSON.stringify(bootstrap));
  const args = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error', '-c', file];
  return { command: programs.envoy, args, port };
}

const envoy = (pieces: (context: SubjectContext) => Pick<Sidecar, 'listener' | 'cluster'>): Subject => ({
  name: 'envoy',
  prepare: (context) => {
    const { port, adminPorts } = context;
    return [sidecar(context, { name: 'one', port, adminPort: adminPorts[0], ...pieces(context) })];
  },
});

export const envoyHttp = (version: HttpVersion): Subject =>
  envoy(({ port, host, upstreamPort }) => ({
    listener: listener({ port, filters: [httpManager(host, version)] }),
    cluster: cluster({ port: upstreamPort, http2: version === 'http2' }),
  }));

export const envoyTcp: Subject = envoy(({ port, upstreamPort }) => ({
  listener: listener({ port, filters: [tcpProxy()] }),
  cluster: cluster({ port: upstreamPort }),
}));

/** Plain text from the client, mutual TLS to the server. */
export const envoyTls: Subject = envoy((context) => clientSide(context, context.upstreamPort, 'http1'));

/** A sidecar on each side, mutual TLS between them in the given version of HTTP, and a policy that admits the client. */
export const envoyPair = (between: HttpVersion): Subject => ({
  name: between === 'http2' ? 'envoy' : 'envoy-h1',
  prepare: (context) => {
    const { port, betweenPort, adminPorts, host, upstreamPort, identities } = context;
    const { authority, client, server } = identities;
    const serverSide = {
      listener: listener({
        port: betweenPort,
        filters: [httpManager(host, between, [accessPolicy(client.id)])],
        transportSocket: downstreamTls(server, authority, between),
      }),
      cluster: cluster({ port: upstreamPort }),
    };
    const clientSidePieces = clientSide(context, betweenPort, between);
    return [
      sidecar(context, { name: 'server', port: betweenPort, adminPort: adminPorts[1], ...serverSide }),
      sidecar(context, { name: 'client', port, adminPort: adminPorts[0], ...clientSidePieces }),
    ];
  },
});

function clientSide(
  { port, host, identities }: SubjectContext,
  upstreamPort: number,
  upstream: HttpVersion,
): Pick<Sidecar, 'listener' | 'cluster'> {
  const { authority, client, server } = identities;
  const transportSocket = upstreamTls(client, authority, server.id, upstream);
  return {
    listener: listener({ port, filters: [httpManager(host, 'http1')] }),
    cluster: cluster({ port: upstreamPort, http2: upstream === 'http2', transportSocket }),
  };
}
