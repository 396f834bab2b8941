import { describe, expect, test } from 'vitest';
import { assemble } from '../../../src/compile/assemble.ts';
import { readSourceText } from '../../../src/source/read.ts';

function read(text: string) {
  const sources = readSourceText('a.yaml', text);
  expect(sources.diagnostics).toEqual([]);
  return assemble(sources.documents);
}

const object = (apiVersion: string, kind: string, rest: string) =>
  read(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: shop, labels: { app: shop } }\n${rest}\n`);
const service = (spec: string) => object('v1', 'Service', `spec: ${spec}`);
const pod = (rest: string) => object('v1', 'Pod', rest);
const found = (result: ReturnType<typeof read>) => result.diagnostics.map(({ code, origin }) => [code, origin?.path]);

test('a service account that is no name is refused: it would become part of an identity', () => {
  const result = pod('spec: { serviceAccountName: "a/b", containers: [] }');
  expect(found(result)).toEqual([['SMI2006', 'spec.serviceAccountName']]);
  expect(result.input.pods).toEqual([]);
});

describe('Service', () => {
  test('has the defaults of Kubernetes', () => {
    expect(service('{ ports: [{ port: 80 }] }').input.services).toEqual([
      {
        meta: {
          key: 'core/Service/default/shop',
          namespace: 'default',
          name: 'shop',
          labels: { app: 'shop' },
          annotations: {},
          owners: [],
        },
        type: 'ClusterIP',
        clusterIPs: [],
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      },
    ]);
  });

  test('a headless Service has no address, and an empty selector is none', () => {
    const [decoded] = service('{ clusterIP: None, selector: {}, ports: [] }').input.services;
    expect(decoded).toMatchObject({ clusterIPs: [] });
    expect(decoded).not.toHaveProperty('selector');
  });

  test('several addresses win over the single one', () => {
    const spec = '{ clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1, "fd00::1"] }';
    expect(service(spec).input.services[0]?.clusterIPs).toEqual(['10.0.0.1', 'fd00::1']);
  });

  test('target ports are numbers or names', () => {
    const spec =
      '{ ports: [{ port: 1, targetPort: http, name: a, appProtocol: http }, { port: 2, targetPort: 8080, protocol: UDP }] }';
    expect(service(spec).input.services[0]?.ports).toEqual([
      { name: 'a', port: 1, protocol: 'TCP', targetPort: 'http', appProtocol: 'http' },
      { port: 2, protocol: 'UDP', targetPort: 8080 },
    ]);
  });

  test.each([
    ['{ ports: [{ port: 0 }] }', 'SMI2004', 'spec.ports[0].port'],
    ['{ ports: [{ port: 65536 }] }', 'SMI2004', 'spec.ports[0].port'],
    ['{ ports: [{ port: "80" }] }', 'SMI2003', 'spec.ports[0].port'],
    ['{ ports: [{ port: 80, targetPort: "8080" }] }', 'SMI2003', 'spec.ports[0].targetPort'],
    ['{ ports: [{}] }', 'SMI2002', 'spec.ports[0].port'],
    ['{ ports: [{ port: 80, protocol: tcp }] }', 'SMI2005', 'spec.ports[0].protocol'],
    ['{ ports: { port: 80 } }', 'SMI2003', 'spec.ports'],
    ['{ selector: { app: 1 } }', 'SMI2003', 'spec.selector.app'],
    ['{ type: clusterip }', 'SMI2005', 'spec.type'],
    ['[]', 'SMI2003', 'spec'],
  ])('%s is refused, and said once', (spec, code, path) => {
    const result = service(spec);
    expect(found(result)).toEqual([[code, path]]);
    expect(result.refused).toEqual(['core/Service/default/shop']);
    expect(result.input.services).toEqual([]);
  });

  test('names are labels, because clients look them up as host names', () => {
    const text = 'apiVersion: v1\nkind: Service\nmetadata: { name: a.b, namespace: c.d }';
    expect(found(read(text))).toEqual([
      ['SMI2006', 'metadata.name'],
      ['SMI2006', 'metadata.namespace'],
    ]);
  });
});

describe('Pod', () => {
  test('without status nothing is known of readiness; with one, the Ready condition decides', () => {
    const spec = 'spec: { containers: [] }';
    expect(pod(spec).input.pods[0]).not.toHaveProperty('ready');
    const ready = (status: string) => pod(`${spec}\nstatus: ${status}`).input.pods[0]?.ready;
    expect(ready('{ conditions: [{ type: Ready, status: "True" }] }')).toBe(true);
    expect(ready('{ conditions: [{ type: Ready, status: "False" }] }')).toBe(false);
    expect(ready('{ phase: Pending }')).toBe(false);
  });

  test('the account defaults, and the deprecated field still counts', () => {
    const account = (spec: string) => pod(`spec: ${spec}`).input.pods[0]?.spec.serviceAccountName;
    expect(account('{ containers: [] }')).toBe('default');
    expect(account('{ serviceAccount: old, containers: [] }')).toBe('old');
    expect(account('{ serviceAccount: old, serviceAccountName: new, containers: [] }')).toBe('new');
  });

  test('addresses come from the status, owners from the metadata', () => {
    const text = `apiVersion: v1
kind: Pod
metadata: { name: shop, ownerReferences: [{ kind: ReplicaSet, name: rs, uid: u1, apiVersion: apps/v1 }] }
spec: { containers: [] }
status: { podIP: 10.0.0.1, podIPs: [{ ip: 10.0.0.1 }, { ip: "fd00::1" }] }`;
    expect(read(text).input.pods[0]).toMatchObject({
      ips: ['10.0.0.1', 'fd00::1'],
      meta: { owners: [{ kind: 'ReplicaSet', name: 'rs', uid: 'u1' }] },
    });
  });

  test.each(['Succeeded', 'Failed'])('a pod that is %s has no address, since another may have it', (phase) => {
    const status = `{ phase: ${phase}, podIP: 10.0.0.1, podIPs: [{ ip: 10.0.0.1 }], conditions: [{ type: Ready, status: "True" }] }`;
    const [ended] = read(`apiVersion: v1
kind: Pod
metadata: { name: shop }
spec: { containers: [] }
status: ${status}`).input.pods;
    expect(ended).toMatchObject({ ips: [], ready: false });
  });

  test('containers, with what is not read left alone', () => {
    const container =
      '{ name: c, image: i, command: [a], args: [b], env: [{ name: E, value: "1" }, { name: F, valueFrom: {} }], ports: [{ containerPort: 80, hostPort: whatever }], resources: 7, readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 2 } }';
    expect(pod(`spec: { containers: [${container}] }`).input.pods[0]?.spec.containers).toEqual([
      {
        name: 'c',
        image: 'i',
        command: ['a'],
        args: ['b'],
        env: [{ name: 'E', value: '1' }, { name: 'F' }],
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        readinessProbe: {
          tcpSocket: { port: 80 },
          initialDelaySeconds: 0,
          periodSeconds: 2,
          timeoutSeconds: 1,
          failureThreshold: 3,
          successThreshold: 1,
        },
      },
    ]);
  });

  test.each([
    ['{ name: c, env: [{ name: E, value: 1 }] }', 'SMI2003', 'env[0].value'],
    ['{ name: c, ports: [{ name: http }] }', 'SMI2002', 'ports[0].containerPort'],
    ['{ name: c, command: node app }', 'SMI2003', 'command'],
    ['{ name: c, readinessProbe: { httpGet: {} } }', 'SMI2002', 'readinessProbe.httpGet.port'],
    ['{}', 'SMI2002', 'name'],
  ])('a container %s is refused', (container, code, path) => {
    expect(found(pod(`spec: { containers: [${container}] }`))).toEqual([[code, `spec.containers[0].${path}`]]);
  });
});

describe('Deployment and ServiceAccount', () => {
  test('decode', () => {
    const template = '{ metadata: { labels: { a: b }, annotations: { c: d } }, spec: { containers: [] } }';
    expect(object('apps/v1', 'Deployment', `spec: { template: ${template} }`).input.deployments).toMatchObject([
      {
        replicas: 1,
        template: { labels: { a: 'b' }, annotations: { c: 'd' }, spec: { serviceAccountName: 'default' } },
      },
    ]);
    expect(object('v1', 'ServiceAccount', '').input.serviceAccounts).toMatchObject([{ meta: { name: 'shop' } }]);
  });

  test('a number of replicas that nobody means is refused', () => {
    expect(found(object('apps/v1', 'Deployment', 'spec: { replicas: 1000000000, template: { spec: {} } }'))).toEqual([
      ['SMI2004', 'spec.replicas'],
    ]);
  });
});

describe('other owners of pods', () => {
  const template = 'template: { metadata: { labels: { a: b } }, spec: { containers: [] } }';
  const owner = (apiVersion: string, kind: string, spec: string, rest = '') =>
    object(apiVersion, kind, `spec: { ${spec}, ${template} }\n${rest}`).input.podOwners;

  test.each([
    ['apps/v1', 'StatefulSet', 'replicas: 3', 3],
    ['apps/v1', 'StatefulSet', 'ordinals: {}', 1],
    ['apps/v1', 'DaemonSet', 'updateStrategy: {}', 1],
    ['apps/v1', 'ReplicaSet', 'replicas: 0', 0],
    ['batch/v1', 'Job', 'parallelism: 4', 4],
    ['batch/v1', 'Job', 'parallelism: 4, completions: 2', 2],
    ['batch/v1', 'Job', 'suspend: true', 0],
  ])('%s %s with %s has %i pods', (apiVersion, kind, spec, replicas) => {
    expect(owner(apiVersion, kind, spec)).toMatchObject([{ replicas, template: { labels: { a: 'b' } } }]);
  });

  test('a Job that is done has no pods', () => {
    expect(
      owner('batch/v1', 'Job', 'parallelism: 2', 'status: { completionTime: "2024-01-01T00:00:00Z" }'),
    ).toMatchObject([{ replicas: 0 }]);
  });

  test('the first pod of a StatefulSet may have another number', () => {
    expect(owner('apps/v1', 'StatefulSet', 'replicas: 2, ordinals: { start: 5 }')).toMatchObject([{ firstOrdinal: 5 }]);
  });

  test.each([
    ['apps/v1beta1', 'StatefulSet', 'replicas: 1', 'SMI2011', 'apiVersion'],
    ['apps/v1', 'StatefulSet', 'replicas: -1', 'SMI2004', 'spec.replicas'],
    ['batch/v1', 'Job', 'suspend: "yes"', 'SMI2003', 'spec.suspend'],
  ])('%s %s with %s is refused', (apiVersion, kind, spec, code, path) => {
    expect(found(object(apiVersion, kind, `spec: { ${spec}, ${template} }`))).toEqual([[code, path]]);
  });
});

describe('Namespace and EndpointSlice', () => {
  test('decode', () => {
    expect(object('v1', 'Namespace', '').input.namespaces).toMatchObject([
      { meta: { name: 'shop', labels: { app: 'shop' } } },
    ]);
    const text = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: shop-x1, labels: { kubernetes.io/service-name: shop } }
addressType: IPv4
endpoints:
  - { addresses: [10.0.0.1], targetRef: { kind: Pod, name: shop-1 } }
  - { addresses: [10.0.0.2], conditions: { ready: false } }
ports: [{ name: http, port: 8080 }, { name: "", protocol: UDP }]
`;
    expect(read(text).input.endpointSlices).toMatchObject([
      {
        service: 'shop',
        addressType: 'IPv4',
        endpoints: [
          { addresses: ['10.0.0.1'], ready: true, pod: 'shop-1' },
          { addresses: ['10.0.0.2'], ready: false },
        ],
        ports: [{ name: 'http', port: 8080, protocol: 'TCP' }, { protocol: 'UDP' }],
      },
    ]);
  });

  test('an EndpointSlice without addressType is refused', () => {
    expect(found(object('discovery.k8s.io/v1', 'EndpointSlice', 'endpoints: []'))).toEqual([
      ['SMI2002', 'addressType'],
    ]);
  });
});
