import fc from 'fast-check';
import type { Fields } from '../../../src/lib/values.ts';
import type { InboundRequest, TrafficRequest } from '../../../src/model/decision.ts';
import type { SpiffeId, WorkloadId } from '../../../src/model/types.ts';
import { identityBinding, trafficTarget } from './access.ts';
import { accountNames, groupNames, routeNames } from './parts.ts';
import { httpRouteGroup, tcpRoute, udpRoute } from './specs.ts';
import { trafficSplit } from './split.ts';

const splitVersions = ['v1alpha1', 'v1alpha2', 'v1alpha3', 'v1alpha4'] as const;
const smiVersion = fc.constantFrom(...splitVersions);

/** The pods: one for each Service, each under an account of its own. */
const pods = [
  { name: 'web', account: 'keeper' },
  { name: 'web-v1', account: 'buyer' },
  { name: 'web-v2', account: 'thief' },
  { name: 'store', account: 'keeper' },
] as const;

const ports = [
  { name: 'http', port: 8080 },
  { name: 'tcp', port: 9090 },
] as const;

function service(name: string): Fields {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: {
      selector: { app: name },
      ports: ports.map(({ name: port, port: number }) => ({ name: port, port: number })),
    },
  };
}

function pod(name: string, account: string): Fields {
  const containers = [{ name: 'main', ports: ports.map(({ port }) => ({ containerPort: port })) }];
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const metadata = { name, labels: { app: name } };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { serviceAccountName: account, containers }, status };
}

/** Services, pods and accounts that the names of generated SMI objects refer to, in the namespace `default`. */
export const meshBase: readonly Fields[] = [
  ...pods.flatMap(({ name, account }) => [service(name), pod(name, account)]),
  ...accountNames.map((name) => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } })),
];

/** In the namespace of the others, under a name that is given. */
function placed(objects: fc.Arbitrary<Fields>, name?: string): fc.Arbitrary<Fields> {
  return objects.map((object) => {
    const { namespace: _namespace, ...metadata } = object.metadata as Fields;
    return { ...object, metadata: { ...metadata, ...(name === undefined ? {} : { name }) } };
  });
}

/** Targets that grant something often: a destination and sources that exist, rules that resolve. */
function plausibleTarget(name: string): fc.Arbitrary<Fields> {
  return placed(smiVersion.chain(trafficTarget), name);
}

function each(
  names: readonly string[],
  of: (version: string) => fc.Arbitrary<Fields>,
): fc.Arbitrary<readonly Fields[]> {
  return fc.tuple(...names.map((name) => placed(smiVersion.chain(of), name)));
}

/** SMI objects of a small mesh, each in a version of its own. */
export const meshObjects: fc.Arbitrary<readonly Fields[]> = fc
  .tuple(
    each(groupNames, httpRouteGroup),
    each(routeNames, tcpRoute),
    fc.tuple(...routeNames.map((name) => placed(udpRoute(), name))),
    fc.tuple(placed(identityBinding(), 'staff'), placed(identityBinding(), 'partners')),
    fc.tuple(plausibleTarget('first'), plausibleTarget('second'), plausibleTarget('third')),
    each(['canary'], trafficSplit),
  )
  .map((parts) => parts.flat());

const lines = ['GET', 'POST'].flatMap((method) =>
  ['/', '/books', '/api/x', '/b'].flatMap((path) =>
    [{}, { 'user-agent': 'Firefox' }, { 'x-beta': 'yes' }].map((headers) => ({ method, path, headers })),
  ),
);

const pairs = pods.flatMap((from) => pods.map((to) => ({ from, to })));

/** What can arrive at the pods of the mesh. */
export const inboundRequests: readonly InboundRequest[] = pairs.flatMap(({ from, to }) => {
  const peer = `spiffe://cluster.local/ns/default/sa/${from.account}` as SpiffeId;
  const ends = { peer, from: `default/${from.name}` as WorkloadId, workload: `default/${to.name}` as WorkloadId };
  return [
    ...lines.map((line): InboundRequest => ({ kind: 'http', ...ends, port: 8080, ...line })),
    { kind: 'tcp', ...ends, port: 9090 },
    ...ports.map(({ port }): InboundRequest => ({ kind: 'udp', ...ends, port })),
  ];
});

/** What the pods of the mesh can send. */
export const outboundRequests: readonly TrafficRequest[] = pairs.flatMap(({ from, to }) => {
  const at = (port: number) => ({ from: `default/${from.name}` as WorkloadId, to: { host: to.name, port } });
  return [
    ...lines.map((line): TrafficRequest => ({ kind: 'http', ...at(8080), ...line })),
    { kind: 'tcp', ...at(9090) },
  ];
});
