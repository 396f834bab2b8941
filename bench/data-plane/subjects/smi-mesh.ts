import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../src/lib/package-root.ts';
import type { IdentityFiles } from '../identities.ts';
import type { Subject, SubjectContext, SubjectProcess } from './subject.ts';

const resource = (kind: string, fields: Readonly<Record<string, unknown>>): unknown => ({
  typeUrl: `type.googleapis.com/smi.proxy.v1.${kind}`,
  ...fields,
});

const service = 'bench/upstream:80';
const node = { client: 'bench/client', server: 'bench/upstream' } as const;

interface Sidecar {
  readonly side: 'client' | 'server';
  readonly port: number;
  readonly adminPort: number;
  /** Without it the proxy speaks plain text. */
  readonly own?: IdentityFiles;
  readonly resources: readonly unknown[];
}

/** Our proxy as it is built for users, with static configuration. */
function sidecar({ folder, programs, identities }: SubjectContext, sidecar: Sidecar): SubjectProcess {
  const { side, port, adminPort, own, resources } = sidecar;
  const file = join(folder, `smi-mesh-${side}.json`);
  const secretFiles = own && {
    certificateChain: own.certificate,
    privateKey: own.key,
    trustBundle: identities.authority,
  };
  const bootstrap = { node: node[side], admin: { address: '127.0.0.1', port: adminPort }, secretFiles, resources };
  writeFileSync(file, JSON.stringify(bootstrap));
  const args = [join(packageRoot(), 'dist/smi-cli.mjs'), 'proxy', '--bootstrap', file];
  return { command: programs.node, args, port };
}

interface Outbound {
  readonly protocol: 'HTTP' | 'TCP';
  /** Of the endpoint, beside its address. */
  readonly endpoint?: Readonly<Record<string, unknown>>;
  /** Traffic is not counted, as with `metrics: none`. */
  readonly uncounted?: true;
}

/** A client's view: one listener, one service, one endpoint at `upstreamPort`. */
function outbound(
  { port, host, identities }: SubjectContext,
  upstreamPort: number,
  outbound: Outbound,
): readonly unknown[] {
  const { protocol, endpoint, uncounted = false } = outbound;
  const weighted = { targets: [{ endpoints: service, weight: 1 }] };
  const upstream = { address: '127.0.0.1', port: upstreamPort, workload: node.server, ready: true, ...endpoint };
  return [
    resource('Workload', {
      name: node.client,
      identity: identities.client.id,
      namespace: 'bench',
      uncounted,
      outbound: [{ address: '127.0.0.1', port, protocol, services: [service] }],
    }),
    resource('OutboundService', {
      name: service,
      protocol,
      port: 80,
      hosts: [host],
      shortName: 'upstream',
      namespace: 'bench',
      rules: [{ weighted }],
    }),
    resource('Endpoints', { name: service, endpoints: [upstream] }),
  ];
}

/** A server's view: one listener, and a policy that lets the client in for some methods and all paths. */
function inbound({ betweenPort, upstreamPort, identities }: SubjectContext): readonly unknown[] {
  const http = { methods: ['GET', 'HEAD', 'POST'], path: { prefix: '/' } };
  const to = [{ transport: 'TCP', ports: [80], http }];
  const grants = [{ rule: 'bench/client', identities: [identities.client.id], to }];
  return [
    resource('Workload', {
      name: node.server,
      identity: identities.server.id,
      namespace: 'bench',
      inboundPolicy: service,
      inbound: [
        {
          address: '127.0.0.1',
          port: betweenPort,
          containerPort: 80,
          protocol: 'HTTP',
          appAddress: '127.0.0.1',
          appPort: upstreamPort,
        },
      ],
    }),
    resource('InboundPolicy', { name: service, mode: 'DENY', grants }),
  ];
}

const smiMesh = (settings: (context: SubjectContext) => Outbound, name = 'smi-mesh'): Subject => ({
  name,
  prepare: (context) => {
    const { port, adminPorts, upstreamPort, identities } = context;
    const how = settings(context);
    const own = how.endpoint?.identity === undefined ? {} : { own: identities.client };
    const resources = outbound(context, upstreamPort, how);
    return [sidecar(context, { side: 'client', port, adminPort: adminPorts[0], resources, ...own })];
  },
});

export const smiMeshHttp1 = smiMesh(() => ({ protocol: 'HTTP' }));
export const smiMeshHttp1Uncounted = smiMesh(() => ({ protocol: 'HTTP', uncounted: true }), 'smi-mesh-uncounted');
export const smiMeshHttp2 = smiMesh(() => ({ protocol: 'HTTP', endpoint: { http2: true } }));
export const smiMeshTcp = smiMesh(() => ({ protocol: 'TCP' }));
export const smiMeshTls = smiMesh((context) => ({
  protocol: 'HTTP',
  endpoint: { identity: context.identities.server.id },
}));

/** A sidecar on each side, mutual TLS between them, and a policy that admits the client. */
export const smiMeshPair: Subject = {
  name: 'smi-mesh',
  prepare: (context) => {
    const { port, betweenPort, adminPorts, identities } = context;
    const endpoint = { identity: identities.server.id };
    const client = outbound(context, betweenPort, { protocol: 'HTTP', endpoint });
    const server = inbound(context);
    return [
      sidecar(context, {
        side: 'server',
        port: betweenPort,
        adminPort: adminPorts[1],
        own: identities.server,
        resources: server,
      }),
      sidecar(context, { side: 'client', port, adminPort: adminPorts[0], own: identities.client, resources: client }),
    ];
  },
};
