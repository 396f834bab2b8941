import { type ObjectKey, objectKey } from '../../src/diagnostics/origin.ts';
import { serviceId, spiffeId, workloadId, workloadSetId } from '../../src/model/ids.ts';
import type {
  AccessMode,
  Grant,
  GrantTarget,
  HttpMatch,
  InboundPolicy,
  MeshModel,
  NamespaceId,
  OutboundBinding,
  OutboundPolicy,
  OutboundRule,
  Protocol,
  Service,
  Workload,
} from '../../src/model/types.ts';

const trustDomain = 'cluster.local';
const namespace = 'default' as NamespaceId;
const split = objectKey('split.smi-spec.io', 'TrafficSplit', 'default', 'store');

export interface SampleOptions {
  /** Addresses are 127.BASE.0.x. */
  readonly base: number;
  readonly mode?: AccessMode;
  readonly grants?: readonly Grant[];
  /** Rules of the service `store`. */
  readonly rules?: OutboundPolicy['ports'][string]['rules'];
  readonly clients?: 'intercepted';
}

const ports = { app: 16_000, mesh: 14_001, tcpApp: 16_001, tcpMesh: 14_002 } as const;
export const listen = { store: 20_000, database: 20_001, legacy: 20_002 } as const;

export const matching = (match: Partial<HttpMatch>): HttpMatch => ({
  methods: 'any',
  path: 'any',
  headers: 'any',
  origins: [],
  ...match,
});

export const allowed = (account: string, to: readonly Partial<GrantTarget>[]): Grant => ({
  rule: `default/${account}`,
  from: [{ kind: 'identity', spiffe: spiffeId(trustDomain, 'default', account), origins: [] }],
  to: to.map((target) => ({
    transport: 'tcp',
    ports: 'any',
    http: 'any',
    origins: [],
    ...target,
  })) as unknown as Grant['to'],
  origins: [{ object: objectKey('access.smi-spec.io', 'TrafficTarget', 'default', account), path: '' }],
});

/**
 * A small mesh: `buyer` and `thief` call `store` (HTTP, split over `store-v1` and `store-v2`), `database` (TCP, of
 * `store-v1`) and `legacy` (HTTP, a pod without sidecar). The buyer may GET /books; nobody else may do anything.
 */
export function sampleModel(options: SampleOptions): MeshModel {
  const address = (last: number) => `127.${options.base}.0.${last}`;
  const outbound = (from: string): Workload['outbound'] => options.clients ?? bindings(from);
  const workloads = [
    workload('buyer', address(1), { outbound: outbound(address(1)) }),
    workload('legacy', address(5), { transport: 'plain' }),
    workload('store-v1', address(3)),
    workload('store-v2', address(4)),
    workload('thief', address(2), { outbound: outbound(address(2)) }),
  ];
  const services = [
    service('database', 5432, 'tcp', [['store-v1', 15_002]]),
    service('legacy', 80, 'http', [['legacy', 15_001]]),
    service('store', 80, 'http', [
      ['store-v1', 15_001],
      ['store-v2', 15_001],
    ]),
    service('store-v1', 80, 'http', [['store-v1', 15_001]]),
    service('store-v2', 80, 'http', [['store-v2', 15_001]]),
  ];
  const grants = options.grants ?? [allowed('buyer', [{ http: matching({ methods: ['GET'], path: books }) }])];
  return {
    modelVersion: 1,
    trustDomain,
    settings: {
      accessMode: options.mode ?? 'deny',
      pathRegexMode: 'spec',
      outboundMode: 'passthrough',
      crossNamespaceTargets: 'refuse',
    },
    services: Object.fromEntries(services.map((item) => [item.id, item])),
    workloads: Object.fromEntries(workloads.map((item) => [item.id, item])),
    outbound: Object.fromEntries(services.map((item) => [item.id, policy(item, options.rules ?? storeRules)])),
    inbound: Object.fromEntries(workloads.map(({ set }) => [set, inbound(set, options.mode ?? 'deny', grants)])),
    telemetry: { splits: [], queries: [] },
  };
}

const books = { kind: 'regex', re2: '/books(?s:.*)' } as const;

export const weighted = (v1: number, v2: number): OutboundRule => ({
  from: 'any',
  match: 'any',
  to: { kind: 'weighted', targets: [target('store-v1', v1, 0), target('store-v2', v2, 1)] },
  origins: [{ object: split, path: 'spec' }],
});

const storeRules = [weighted(90, 10)] as const;

function target(name: string, weight: number, index: number) {
  return {
    service: serviceId('default', name),
    port: 80,
    weight,
    origins: [{ object: split, path: `spec.backends[${index}]` }],
  };
}

function policy({ id, ports: servicePorts }: Service, rules: OutboundPolicy['ports'][string]['rules']): OutboundPolicy {
  const own = [{ from: 'any', match: 'any', to: { kind: 'self' }, origins: [] }] as const;
  return {
    service: id,
    ports: Object.fromEntries(
      servicePorts.map(({ port, protocol }) => [port, { port, protocol, rules: id === 'default/store' ? rules : own }]),
    ),
  };
}

function inbound(set: InboundPolicy['set'], mode: AccessMode, grants: readonly Grant[]): InboundPolicy {
  return { set, mode, grants };
}

function bindings(address: string): readonly OutboundBinding[] {
  return [
    { service: serviceId('default', 'store'), port: 80, listen: { address, port: listen.store } },
    { service: serviceId('default', 'database'), port: 5432, listen: { address, port: listen.database } },
    { service: serviceId('default', 'legacy'), port: 80, listen: { address, port: listen.legacy } },
  ];
}

function service(
  name: string,
  port: number,
  protocol: Protocol,
  targets: readonly (readonly [string, number])[],
): Service {
  const host = `${name}.default`;
  return {
    id: serviceId('default', name),
    kind: 'mesh',
    namespace,
    name,
    hosts: [host, `${host}.svc`, `${host}.svc.cluster.local`],
    vips: [],
    ports: [
      {
        port,
        protocol,
        targets: targets.map(([pod, number]) => ({ workload: workloadId('default', pod), port: number })),
      },
    ],
    origins: [{ object: key('Service', name), path: '' }],
  };
}

function workload(name: string, address: string, more: Partial<Workload> = {}): Workload {
  const plain = more.transport === 'plain';
  return {
    id: workloadId('default', name),
    namespace,
    name,
    serviceAccount: name,
    identity: spiffeId(trustDomain, 'default', name),
    set: workloadSetId('default', name),
    addresses: [address],
    labels: {},
    ready: true,
    transport: 'mtls',
    ports: [
      { port: 15_001, protocol: 'http', meshPort: plain ? ports.app : ports.mesh, app: { address, port: ports.app } },
      { port: 15_002, protocol: 'tcp', meshPort: ports.tcpMesh, app: { address, port: ports.tcpApp } },
    ],
    owners: [],
    outbound: [],
    origins: [{ object: key('Pod', name), path: '' }],
    ...more,
  };
}

function key(kind: string, name: string): ObjectKey {
  return objectKey('core', kind, 'default', name);
}
