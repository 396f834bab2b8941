import { serviceId, spiffeId, workloadId, workloadSetId } from '../../../src/model/ids.ts';
import type {
  MeshModel,
  NamespaceId,
  OutboundRule,
  PortPolicy,
  Protocol,
  Service,
  Workload,
} from '../../../src/model/types.ts';

const names = ['root', 'one', 'two'];

/** Services `root`, `one` and `two` in `default`, clients there and in `other`; everybody may do everything. */
export function meshOf(
  rules: readonly OutboundRule[],
  { protocol = 'http', policies }: { readonly protocol?: Protocol; readonly policies?: PortPolicy['policies'] } = {},
): MeshModel {
  const last: OutboundRule = { from: 'any', match: 'any', to: { kind: 'self' }, origins: [] };
  const workloads = [
    ...names.map((name) => workload('default', name, protocol)),
    ...['default', 'other'].map((namespace) => workload(namespace, 'client', protocol)),
  ];
  const services = names.map((name) => service(name, protocol));
  const key = protocol === 'udp' ? '80/udp' : '80';
  return {
    modelVersion: 1,
    trustDomain: 'cluster.local',
    settings: {
      accessMode: 'allow',
      pathRegexMode: 'spec',
      outboundMode: 'passthrough',
      crossNamespaceTargets: 'refuse',
    },
    services: Object.fromEntries(services.map((each) => [each.id, each])),
    workloads: Object.fromEntries(workloads.map((each) => [each.id, each])),
    outbound: Object.fromEntries(
      services.map(({ id, name }) => {
        const own =
          name === 'root'
            ? { rules: [...rules, last] as const, ...(policies && { policies }) }
            : { rules: [last] as const };
        return [id, { service: id, ports: { [key]: { port: 80, protocol, ...own } as unknown as PortPolicy } }];
      }),
    ),
    inbound: Object.fromEntries(workloads.map(({ set }) => [set, { set, mode: 'allow', grants: [] }])),
    telemetry: { splits: [], queries: [] },
  };
}

/** The same where `root` is called like gRPC, with a rule for one of its methods and one for a service. */
export function meshOfCalls(): MeshModel {
  const rule = (re2: string): OutboundRule => ({
    from: 'any',
    match: { methods: 'any', path: { kind: 'regex', re2 }, headers: 'any', origins: [] },
    to: { kind: 'fail', because: 'SMI4002' },
    origins: [],
  });
  const mesh = meshOf([rule('/a\\.B/Get'), rule('/a\\.B(/.*)?')]);
  Object.assign(Object.values(mesh.services)[0]?.ports[0] ?? {}, { name: 'grpc', http2: true });
  return mesh;
}

function service(name: string, protocol: Protocol): Service {
  return {
    id: serviceId('default', name),
    kind: 'mesh',
    namespace: 'default' as NamespaceId,
    name,
    hosts: [`${name}.default`],
    vips: [],
    ports: [{ port: 80, protocol, targets: [{ workload: workloadId('default', name), port: 8080 }] }],
    origins: [],
  };
}

function workload(namespace: string, name: string, protocol: Protocol): Workload {
  return {
    id: workloadId(namespace, name),
    namespace: namespace as NamespaceId,
    name,
    serviceAccount: name,
    identity: spiffeId('cluster.local', namespace, name),
    set: workloadSetId(namespace, name),
    addresses: [],
    labels: {},
    ready: true,
    transport: 'mtls',
    ports: [{ port: 8080, protocol, meshPort: 8080, app: { address: '127.0.0.1', port: 8080 } }],
    owners: [],
    outbound: 'intercepted',
    origins: [],
  };
}
