import { describe, expect, it } from 'vitest';
import { assemble } from '../../../src/compile/assemble.ts';
import { createCompiler } from '../../../src/compile/index.ts';
import { defaultCompileOptions } from '../../../src/compile/options.ts';
import { protocolOf } from '../../../src/compile/protocol.ts';
import { assignLocal } from '../../../src/kubernetes/local-addressing.ts';
import { podsOf } from '../../../src/kubernetes/pods.ts';
import type { ServiceId, WorkloadId } from '../../../src/model/types.ts';
import { readSourceText } from '../../../src/source/read.ts';
import { compile, deployment, nothing, pod, service } from '../../support/objects.ts';

const serviceOf = (name: string) => `default/${name}` as ServiceId;
const workloadOf = (name: string) => `default/${name}` as WorkloadId;

it('takes pods of a cluster for members of a foreign mesh where there is one', () => {
  const live = { ...pod('shop'), uid: 'u1' };
  const hosted = { ...pod('agent'), uid: 'u2', hostNetwork: true } as const;
  const disabled = { ...pod('old', { annotations: { 'smi-mesh.io/sidecar': 'disabled' } }), uid: 'u3' };
  const transports = (sidecars: { readonly sidecars?: 'foreign' }) => {
    const input = { ...nothing, pods: [live, hosted, disabled] };
    const { workloads } = createCompiler().compile(input, { ...defaultCompileOptions, ...sidecars }).model;
    return ['shop', 'agent', 'old'].map((name) => workloads[workloadOf(name)]?.transport);
  };
  expect(transports({})).toEqual(['plain', 'plain', 'plain']);
  expect(transports({ sidecars: 'foreign' })).toEqual(['mtls', 'plain', 'plain']);
});

describe('the protocol of a port', () => {
  it.each([
    ['http', {}],
    ['http', { name: 'web' }],
    ['http', { name: 'http-admin' }],
    ['http', { name: 'grpc' }],
    ['tcp', { name: 'tcp' }],
    ['tcp', { name: 'TCP-x' }],
    ['tcp', { name: 'https' }],
    ['tcp', { name: 'mysql-main' }],
    ['http', { name: 'tcpish' }],
    ['http', { name: 'tcp-x', appProtocol: 'http' }],
    ['http', { name: 'tcp-x', appProtocol: 'kubernetes.io/h2c' }],
    ['tcp', { name: 'http', appProtocol: 'tcp' }],
    ['tcp', { name: 'http', appProtocol: 'https' }],
    ['tcp', { appProtocol: 'example.org/own' }],
  ])('is %s for %j', (protocol, port) => {
    expect(protocolOf(port)).toBe(protocol);
  });
});

describe('HTTP/2 with prior knowledge', () => {
  const http2 = (name: string | undefined, appProtocol?: string) => {
    const plain = service('a', { ports: [`80:8080${name === undefined ? '' : ` ${name}`}`] });
    const ports = plain.ports.map((port) => ({ ...port, ...(appProtocol === undefined ? {} : { appProtocol }) }));
    const { model } = compile({ services: [{ ...plain, ports }], pods: [pod('a')] });
    const [of, at] = [model.services[serviceOf('a')]?.ports[0], model.workloads[workloadOf('a')]?.ports[0]];
    expect([of?.protocol, at?.protocol, of?.http2]).toEqual(['http', 'http', at?.http2]);
    return of?.http2 === true;
  };

  it.each(['grpc', 'grpc-orders', 'http2', 'http2-web', 'h2c', 'H2C-x'])('is spoken on a port named %s', (name) => {
    expect(http2(name)).toBe(true);
  });

  it.each([undefined, 'http', 'grpc-web', 'grpc-web-orders', 'grpcish'])('is not spoken on a port named %s', (name) => {
    expect(http2(name)).toBe(false);
  });

  it.each(['h2c', 'kubernetes.io/h2c', 'grpc', 'http2'])('is spoken where appProtocol is %s', (appProtocol) => {
    expect(http2('http', appProtocol)).toBe(true);
  });

  it('is not spoken where appProtocol says otherwise', () => {
    expect(http2('grpc', 'http')).toBe(false);
  });

  it('is told by the name of a container port that no Service reaches', () => {
    const { model } = compile({ pods: [pod('a', { ports: ['8080 grpc', '8081 http'] })] });
    expect(model.workloads[workloadOf('a')]?.ports.map(({ http2 }) => http2)).toEqual([true, undefined]);
  });

  it('is not taken for granted where Services differ', () => {
    const services = [service('a', { ports: ['80:8080 grpc'] }), service('b', { app: 'a', ports: ['80:8080 http'] })];
    const { model, diagnostics } = compile({ services, pods: [pod('a')] });
    expect(model.workloads[workloadOf('a')]?.ports).toMatchObject([{ port: 8080, protocol: 'http' }]);
    expect(model.workloads[workloadOf('a')]?.ports[0]).not.toHaveProperty('http2');
    expect(diagnostics.map(({ code }) => code)).toEqual(['SMI4018']);
  });
});

describe('where a pod runs', () => {
  const [region, zone] = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'];
  const localities = (documents: readonly string[]) => {
    const { input, diagnostics } = assemble(readSourceText('a.yaml', documents.join('\n---\n')).documents);
    expect(diagnostics).toEqual([]);
    return Object.values(compile(input).model.workloads).map(({ locality }) => locality);
  };
  const node = `{ apiVersion: v1, kind: Node, metadata: { name: n, labels: { ${region}: west, ${zone}: west-1 } } }`;
  const podOn = (metadata: string, spec = 'nodeName: n') =>
    `{ apiVersion: v1, kind: Pod, metadata: { name: a${metadata} }, spec: { containers: [], ${spec} } }`;
  const slice = `{ apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: { name: s }, addressType: IPv4,
    endpoints: [{ addresses: [10.0.0.1], zone: west-9, targetRef: { kind: Pod, name: a } }] }`;

  it.each([
    ['its node', [podOn(''), node], { region: 'west', zone: 'west-1' }],
    ['its own labels before that', [podOn(`, labels: { ${zone}: west-2 }`), node], { region: 'west', zone: 'west-2' }],
    ['its annotations', [podOn(`, annotations: { ${zone}: west-3 }`, '')], { zone: 'west-3' }],
    ['an EndpointSlice', [podOn('', ''), slice], { zone: 'west-9' }],
    ['nobody', [podOn('')], undefined],
  ])('is told by %s', (_, documents, locality) => {
    expect(localities(documents)).toEqual([locality]);
  });
});

describe('a Service', () => {
  it('reaches named ports of each pod, and reports pods that lack them', () => {
    const pods = [
      pod('a-1', { app: 'a', ports: ['8080 web'] }),
      pod('a-2', { app: 'a', ports: ['9090 web'] }),
      pod('a-3', { app: 'a', ports: ['8080 other'] }),
    ];
    const { model, diagnostics } = compile({ services: [service('a', { ports: ['80:web'] })], pods });
    expect(model.services[serviceOf('a')]?.ports[0]?.targets).toEqual([
      { workload: 'default/a-1', port: 8080 },
      { workload: 'default/a-2', port: 9090 },
    ]);
    expect(diagnostics).toMatchObject([
      {
        code: 'SMI3009',
        origin: { path: 'spec.ports[0].targetPort' },
        message: expect.stringContaining('default/a-3'),
      },
    ]);
  });

  it('picks pods of its own namespace that have every label', () => {
    const both = { ...service('a'), selector: { app: 'a', tier: 'x' } };
    const tiered = { ...pod('a-2', { app: 'a' }) };
    const pods = [
      pod('a-1', { app: 'a' }),
      { ...tiered, meta: { ...tiered.meta, labels: { app: 'a', tier: 'x' } } },
      pod('other/a', { app: 'a' }),
    ];
    const { model } = compile({ services: [both], pods });
    expect(model.services[serviceOf('a')]?.ports[0]?.targets.map(({ workload }) => workload)).toEqual(['default/a-2']);
  });

  it('without selector or with one that picks nothing has no targets', () => {
    const { selector: _, ...open } = service('open');
    const { model, diagnostics } = compile({
      services: [open, { ...service('empty'), selector: {} }, service('none')],
      pods: [pod('a')],
    });
    for (const name of ['open', 'empty', 'none']) {
      expect(model.services[serviceOf(name)]?.ports[0]?.targets, name).toEqual([]);
    }
    expect(diagnostics.map(({ code, severity }) => `${code} ${severity}`)).toEqual(['SMI3011 info', 'SMI3011 info']);
  });

  it('has a TCP and a UDP port under one number, and leaves SCTP out', () => {
    const made = service('dns', { ports: ['53:5353', '53:5300 tcp-dns', '54:54'] });
    const protocols = ['UDP', 'TCP', 'SCTP'] as const;
    const ports = made.ports.map((port, index) => ({ ...port, protocol: protocols[index]! }));
    const { model, diagnostics } = compile({ services: [{ ...made, ports }], pods: [pod('dns', { ports: [] })] });
    expect(model.services[serviceOf('dns')]?.ports).toMatchObject([
      { port: 53, protocol: 'tcp', targets: [{ port: 5300 }] },
      { port: 53, protocol: 'udp', targets: [{ port: 5353 }] },
    ]);
    expect(Object.keys(model.outbound[serviceOf('dns')]?.ports ?? {})).toEqual(['53', '53/udp']);
    expect(Object.values(model.workloads)[0]?.ports).toMatchObject([
      { port: 5300, protocol: 'tcp' },
      { port: 5353, protocol: 'udp' },
    ]);
    expect(diagnostics).toMatchObject([{ code: 'SMI4019', origin: { path: 'spec.ports[2]' } }]);
  });
});

describe('pods of a Deployment', () => {
  it('stand for it when none is there, and point to it', () => {
    const { model } = compile({ deployments: [deployment('shop', 2)] });
    expect(Object.keys(model.workloads)).toEqual(['default/shop-0', 'default/shop-1']);
    expect(model.workloads[workloadOf('shop-0')]).toMatchObject({
      ready: true,
      addresses: [],
      outbound: 'intercepted',
      origins: [{ object: 'apps/Deployment/default/shop', path: '' }],
    });
  });

  it.each([
    ['the Deployment', { kind: 'Deployment', name: 'shop' }, ['default/real']],
    ['its ReplicaSet', { kind: 'ReplicaSet', name: 'shop-5f4d' }, ['default/real']],
    ['another ReplicaSet', { kind: 'ReplicaSet', name: 'shop-v2-5f4d' }, ['default/real', 'default/shop-0']],
    ['a Job', { kind: 'Job', name: 'shop' }, ['default/real', 'default/shop-0']],
  ])('are not made up beside a pod that %s owns', (_, owner, expected) => {
    const owned = pod('real', { app: 'shop' });
    const pods = [{ ...owned, meta: { ...owned.meta, owners: [owner] } }];
    expect(Object.keys(compile({ deployments: [deployment('shop', 1)], pods }).model.workloads)).toEqual(expected);
  });

  it('are limited in number', () => {
    expect(podsOf(deployment('a', 2_000_000_000))).toHaveLength(1_000);
    expect(podsOf(deployment('a', -1))).toHaveLength(0);
    expect(compile({ deployments: [deployment('a', 1_001)] }).diagnostics).toMatchObject([{ code: 'SMI4020' }]);
  });
});

describe('local addressing', () => {
  it('says where sidecars and programs listen', () => {
    const services = [service('shop', { ports: ['80:8080'] })];
    const { model, diagnostics } = compile({ services, pods: assignLocal([], [pod('shop')], services, 3) });
    expect(diagnostics).toEqual([]);
    expect(model.workloads[workloadOf('shop')]).toMatchObject({
      addresses: ['127.3.0.1'],
      ports: [{ port: 8080, meshPort: 8080, app: { address: '127.3.0.1', port: 16_000 } }],
      outbound: [{ service: 'default/shop', port: 80, listen: { address: '127.3.0.1', port: 20_000 } }],
    });
  });

  it('of another form is ignored and reported', () => {
    const annotations = { 'smi-mesh.io/local-ports': '[]', 'smi-mesh.io/local-outbound': '{' };
    const { model, diagnostics } = compile({ pods: [pod('a', { annotations, ips: ['10.0.0.1'] })] });
    expect(diagnostics.map(({ code, origin }) => `${code} ${origin?.path}`)).toEqual([
      'SMI4021 metadata.annotations["smi-mesh.io/local-outbound"]',
      'SMI4021 metadata.annotations["smi-mesh.io/local-ports"]',
    ]);
    expect(model.workloads[workloadOf('a')]).toMatchObject({
      outbound: 'intercepted',
      ports: [{ port: 8080, meshPort: 8080, app: { address: '127.0.0.1', port: 8080 } }],
    });
  });
});
