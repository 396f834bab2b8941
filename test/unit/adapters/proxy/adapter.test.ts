import { describe, expect, it } from 'vitest';
import { proxyAdapter } from '../../../../adapters/proxy/index.ts';
import type { UnitId } from '../../../../src/adapter/contract.ts';
import { loadDescriptor } from '../../../../src/lib/descriptors.ts';
import type { MeshModel, WorkloadId } from '../../../../src/model/types.ts';
import { compile, group, pod, service, split, target, tcpRoute } from '../../../support/objects.ts';

const local = (ports: object, outbound: object[] = []) => ({
  'smi-mesh.io/local-ports': JSON.stringify(ports),
  'smi-mesh.io/local-outbound': JSON.stringify(outbound),
});

const mesh = compile({
  services: [
    service('shop'),
    service('shop-v1'),
    service('shop-v2'),
    service('db', { ports: ['5432 tcp-sql'] }),
    service('mail', { ports: ['25 tcp-smtp'] }),
    service('legacy'),
  ],
  pods: [
    pod('client', {
      ips: ['127.9.0.1'],
      annotations: local({ 8080: { mesh: 8080, app: 16000 } }, [
        { service: 'default/shop', port: 80, listen: 20000 },
        { service: 'default/db', port: 5432, listen: 20001 },
      ]),
    }),
    pod('shop', { ips: ['127.9.0.2'] }),
    pod('shop-v1', { ips: ['127.9.0.3'], ready: false, annotations: local({ 8080: { mesh: 8081, app: 16000 } }) }),
    pod('shop-v2'),
    pod('db', { ips: ['127.9.0.5'], ports: ['5432 tcp-sql'] }),
    pod('mail', { ips: ['127.9.0.7'], ports: ['25 tcp-smtp'] }),
    pod('legacy', { ips: ['127.9.0.6'], annotations: { 'smi-mesh.io/sidecar': 'disabled' } }),
  ],
  splits: [
    split('by-path', 'shop', { 'shop-v2': 1 }, { matches: ['g'] }),
    split('rest', 'shop', { shop: 3, 'shop-v1': 0, 'shop-v2': 1 }),
  ],
  targets: [target('t', 'shop', ['client'], ['HTTPRouteGroup g', 'TCPRoute r'])],
  routeGroups: [group('g', { m: { pathRegex: '/books/.*', methods: ['GET'], headers: { 'User-Agent': 'curl.*' } } })],
  tcpRoutes: [tcpRoute('r', [8080])],
}).model;

const one = (unit: string, model: MeshModel = mesh) =>
  proxyAdapter.emitUnit(model, unit as UnitId, { options: {} })[0]!;

describe('resources of the proxy', () => {
  it('a service port has its names, its rules in order and weights as they were written', () => {
    expect(one('service/default/shop:80').body).toEqual({
      name: 'default/shop:80',
      protocol: 'HTTP',
      port: 80,
      hosts: ['shop.default', 'shop.default.svc', 'shop.default.svc.cluster.local'],
      shortName: 'shop',
      namespace: 'default',
      rules: [
        {
          match: {
            methods: ['GET'],
            path: { regex: expect.stringContaining('/books/') },
            headers: [{ name: 'user-agent', regex: expect.stringContaining('curl') }],
          },
          weighted: { targets: [{ endpoints: 'default/shop-v2:80', weight: 1 }] },
          origins: expect.any(Array),
          split: 'default/by-path',
        },
        {
          weighted: {
            targets: [
              { endpoints: 'default/shop:80', weight: 3 },
              { endpoints: 'default/shop-v1:80', weight: 0 },
              { endpoints: 'default/shop-v2:80', weight: 1 },
            ],
          },
          origins: expect.any(Array),
          split: 'default/rest',
        },
      ],
    });
  });

  it('a service without split leads to its own endpoints', () => {
    expect(one('service/default/shop-v2:80').body).toMatchObject({
      rules: [{ weighted: { targets: [{ endpoints: 'default/shop-v2:80', weight: 1 }] }, split: '', origins: [] }],
    });
  });

  it('a service whose backends are all zero fails, with the code that was reported', () => {
    const model = compile({
      services: [service('a'), service('b')],
      pods: [pod('a'), pod('b')],
      splits: [split('s', 'a', { b: 0 })],
    }).model;
    const { rules } = one('service/default/a:80', model).body as { rules: unknown[] };
    expect(rules).toEqual([expect.objectContaining({ fail: { code: expect.stringMatching(/^SMI/) } })]);
  });

  it('an endpoint is reached at the port of its sidecar and says whether it is ready', () => {
    expect(one('endpoints/default/shop-v1:80').body).toEqual({
      name: 'default/shop-v1:80',
      endpoints: [
        {
          address: '127.9.0.3',
          port: 8081,
          workload: 'default/shop-v1',
          owner: 'Pod/shop-v1',
          identity: 'spiffe://cluster.local/ns/default/sa/shop-v1',
          ready: false,
        },
      ],
    });
  });

  it('a workload without address is no endpoint; one without sidecar has no identity to prove', () => {
    expect(one('endpoints/default/shop-v2:80').body).toEqual({ name: 'default/shop-v2:80', endpoints: [] });
    expect(one('endpoints/default/legacy:80').body).toMatchObject({ endpoints: [{ identity: '', port: 8080 }] });
  });

  it('bindings become listeners, with the one service that each stands for', () => {
    expect(one('workload/default/client').body).toMatchObject({
      identity: 'spiffe://cluster.local/ns/default/sa/client',
      namespace: 'default',
      inboundPolicy: 'default/client',
      outbound: [
        { address: '127.9.0.1', port: 20001, protocol: 'TCP', services: ['default/db:5432'] },
        { address: '127.9.0.1', port: 20000, protocol: 'HTTP', services: ['default/shop:80'] },
      ],
      inbound: [{ address: '127.9.0.1', port: 8080, containerPort: 8080, appAddress: '127.9.0.1', appPort: 16000 }],
    });
  });

  it('an intercepted workload has one listener for each port number', () => {
    expect(one('workload/default/shop').body).toMatchObject({
      outbound: [
        { address: '127.9.0.2', port: 25, protocol: 'TCP', services: ['default/mail:25'] },
        {
          address: '127.9.0.2',
          port: 80,
          protocol: 'HTTP',
          intercepted: true,
          passthrough: true,
          services: ['default/legacy:80', 'default/shop:80', 'default/shop-v1:80', 'default/shop-v2:80'],
        },
        { address: '127.9.0.2', port: 5432, protocol: 'TCP', services: ['default/db:5432'] },
      ],
    });
  });

  it('a port number that two TCP services share has one listener for an intercepted workload', () => {
    const model = compile({
      services: [service('x', { ports: ['5432 tcp-a'] }), service('y', { ports: ['5432 tcp-b'] })],
      pods: [pod('x'), pod('y')],
    }).model;
    const outbound = [{ port: 5432, protocol: 'TCP', services: ['default/x:5432', 'default/y:5432'] }];
    expect(one('workload/default/x', model).body).toMatchObject({ outbound });
  });

  it('an intercepted workload listens before its address is known', () => {
    expect(one('workload/default/shop-v2').body).toMatchObject({
      inbound: [{ address: '0.0.0.0', port: 8080, containerPort: 8080 }],
    });
  });

  it('a workload without sidecar listens to nobody', () => {
    expect(one('workload/default/legacy').body).toMatchObject({ inbound: [] });
  });

  it('a grant spells any, so that an empty list never means everything', () => {
    const policy = one('inbound/default/shop').body as { mode: string; grants: { to: object[] }[] };
    expect(policy.mode).toBe('DENY');
    const wide = compile({
      services: [service('a')],
      pods: [pod('a')],
      targets: [target('t', 'a', ['b'], ['TCPRoute r'])],
      tcpRoutes: [tcpRoute('r')],
    }).model;
    expect(one('inbound/default/a', wide).body).toMatchObject({
      grants: [{ rule: 'default/t', to: [{ transport: 'TCP', anyPort: true, anyHttp: true }] }],
    });
    for (const to of policy.grants.flatMap((grant) => grant.to)) {
      expect('anyPort' in to || 'ports' in to).toBe(true);
      expect('anyHttp' in to || 'http' in to).toBe(true);
    }
  });
});

describe('what a workload may see', () => {
  it('is what its listeners serve and where their rules lead, its own policy and itself', () => {
    expect([...proxyAdapter.view(mesh, 'default/client' as WorkloadId, { options: {} })].sort()).toEqual([
      'endpoints/default/db:5432',
      'endpoints/default/shop-v1:80',
      'endpoints/default/shop-v2:80',
      'endpoints/default/shop:80',
      'inbound/default/client',
      'service/default/db:5432',
      'service/default/shop:80',
      'workload/default/client',
    ]);
  });

  it('is nothing for a workload that does not exist', () => {
    expect(proxyAdapter.view(mesh, 'default/nobody' as WorkloadId, { options: {} })).toEqual([]);
  });

  it('is always among the units', () => {
    const units = new Set(proxyAdapter.units(mesh, { options: {} }));
    for (const { id } of Object.values(mesh.workloads)) {
      for (const unit of proxyAdapter.view(mesh, id, { options: {} })) expect(units).toContain(unit);
    }
  });
});

describe('bytes', () => {
  it('say what the bodies say, and are the same every time', () => {
    for (const unit of proxyAdapter.units(mesh, { options: {} })) {
      for (const artifact of proxyAdapter.emitUnit(mesh, unit, { options: {} })) {
        const type = loadDescriptor('proxy').lookupType(artifact.format.split('/')[1]!);
        const bytes = proxyAdapter.encode(artifact);
        expect(Buffer.from(proxyAdapter.encode(structuredClone(artifact))).equals(bytes)).toBe(true);
        expect(type.toObject(type.decode(bytes), { enums: String, defaults: true, arrays: true })).toMatchObject(
          artifact.body as object,
        );
      }
    }
  });
});
