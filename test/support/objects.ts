import type { MeshInput } from '../../src/compile/index.ts';
import { createCompiler, defaultCompileOptions } from '../../src/compile/index.ts';
import { objectKey } from '../../src/diagnostics/origin.ts';
import type {
  DeploymentObject,
  ObjectMeta,
  PodObject,
  PodSpecObject,
  ServiceAccountObject,
  ServiceObject,
} from '../../src/kubernetes/types.ts';
import type { HttpRequest, TcpRequest } from '../../src/model/decision.ts';
import type { MeshSettings, WorkloadId } from '../../src/model/types.ts';
import type {
  HTTPRouteGroup,
  IdentityBinding,
  RouteMatch,
  SmiMeta,
  Subject,
  TargetRule,
  TCPRoute,
  TrafficSplit,
  TrafficTarget,
  UDPRoute,
} from '../../src/smi/types.ts';

/** Builders of decoded objects for tests. A name is `NAME` in `default`, or `NAMESPACE/NAME`. */

export const nothing: MeshInput = {
  services: [],
  serviceAccounts: [],
  pods: [],
  deployments: [],
  splits: [],
  targets: [],
  routeGroups: [],
  tcpRoutes: [],
};

export function compile(input: Partial<MeshInput>, settings: Partial<MeshSettings> = {}) {
  return createCompiler().compile(
    { ...nothing, ...input },
    { ...defaultCompileOptions, settings: { ...defaultCompileOptions.settings, ...settings } },
  );
}

function names(full: string): { readonly namespace: string; readonly name: string } {
  const [first = '', second] = full.split('/');
  return second === undefined ? { namespace: 'default', name: first } : { namespace: first, name: second };
}

function kubernetesMeta(group: string, kind: string, full: string, more: Partial<ObjectMeta> = {}): ObjectMeta {
  const { namespace, name } = names(full);
  const key = objectKey(group, kind, namespace, name);
  return { key, namespace, name, labels: {}, annotations: {}, owners: [], ...more };
}

function smiMeta(group: string, kind: string, full: string, created?: string): SmiMeta {
  const { namespace, name } = names(full);
  const key = objectKey(`${group}.smi-spec.io`, kind, namespace, name);
  return { key, namespace, name, annotations: {}, ...(created === undefined ? {} : { creationTimestamp: created }) };
}

export interface ServiceText {
  /** Label `app` of the pods; absent: the service's own name. */
  readonly app?: string;
  /** `PORT[:TARGETPORT][ NAME]`. */
  readonly ports?: readonly string[];
  readonly type?: ServiceObject['type'];
  readonly clusterIPs?: readonly string[];
}

export function service(full: string, { app, ports = ['80:8080'], type, clusterIPs }: ServiceText = {}): ServiceObject {
  return {
    meta: kubernetesMeta('', 'Service', full),
    type: type ?? 'ClusterIP',
    clusterIPs: clusterIPs ?? [],
    selector: { app: app ?? names(full).name },
    ports: ports.map((text) => {
      const [numbers = '', name] = text.split(' ');
      const [port, target] = numbers.split(':');
      const targetPort = target === undefined ? Number(port) : /^[0-9]+$/.test(target) ? Number(target) : target;
      return { port: Number(port), targetPort, protocol: 'TCP', ...(name === undefined ? {} : { name }) };
    }),
  };
}

export interface PodText {
  /** Absent: the pod's own name. */
  readonly app?: string;
  /** Service account; absent: the label `app`. */
  readonly account?: string;
  /** `PORT[ NAME]`. */
  readonly ports?: readonly string[];
  readonly ready?: boolean;
  readonly ips?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

function podSpec(account: string, ports: readonly string[]): PodSpecObject {
  const declared = ports.map((text) => {
    const [port, name] = text.split(' ');
    return { containerPort: Number(port), protocol: 'TCP' as const, ...(name === undefined ? {} : { name }) };
  });
  return {
    serviceAccountName: account,
    containers: [{ name: 'main', command: [], args: [], env: [], ports: declared }],
  };
}

export function pod(
  full: string,
  { app, account, ports = ['8080'], ready, ips, annotations }: PodText = {},
): PodObject {
  const label = app ?? names(full).name;
  return {
    meta: kubernetesMeta('', 'Pod', full, { labels: { app: label }, annotations: annotations ?? {} }),
    spec: podSpec(account ?? label, ports),
    ips: ips ?? [],
    ...(ready === undefined ? {} : { ready }),
  };
}

export function deployment(full: string, replicas: number): DeploymentObject {
  const { name } = names(full);
  return {
    meta: kubernetesMeta('apps', 'Deployment', full),
    replicas,
    template: { labels: { app: name }, annotations: {}, spec: podSpec(name, ['8080']) },
  };
}

export function account(full: string): ServiceAccountObject {
  return { meta: kubernetesMeta('', 'ServiceAccount', full) };
}

export function split(
  full: string,
  root: string,
  backends: Readonly<Record<string, number>>,
  more: { readonly matches?: readonly string[]; readonly created?: string } = {},
): TrafficSplit {
  return {
    meta: smiMeta('split', 'TrafficSplit', full, more.created),
    service: root,
    backends: Object.entries(backends).map(([name, weight]) => ({ service: name, weight })),
    ...(more.matches === undefined ? {} : { matches: more.matches.map((name) => ({ kind: 'HTTPRouteGroup', name })) }),
  };
}

/** Subjects are `NAME` or `NAMESPACE/NAME`, and `~NAME` for IdentityBindings; rules are `KIND NAME[ MATCH...]`. */
export function target(
  full: string,
  destination: string,
  sources: readonly string[],
  rules: readonly string[],
): TrafficTarget {
  const subject = (text: string): Subject => {
    const kind = text.startsWith('~') ? 'IdentityBinding' : 'ServiceAccount';
    const [first = '', second] = text.replace('~', '').split('/');
    return second === undefined ? { kind, name: first } : { kind, namespace: first, name: second };
  };
  return {
    meta: smiMeta('access', 'TrafficTarget', full),
    destination: subject(destination),
    sources: sources.map(subject),
    rules: rules.map((text): TargetRule => {
      const [kind = '', name = '', ...matches] = text.split(' ');
      return matches.length === 0 ? { kind, name } : { kind, name, matches };
    }),
  };
}

export function group(full: string, matches: Readonly<Record<string, Omit<RouteMatch, 'name'>>>): HTTPRouteGroup {
  return {
    meta: smiMeta('specs', 'HTTPRouteGroup', full),
    matches: Object.entries(matches).map(([name, match]) => ({ name, ...match })),
  };
}

export function tcpRoute(full: string, ports: readonly number[] = []): TCPRoute {
  return { meta: smiMeta('specs', 'TCPRoute', full), ports };
}

export function udpRoute(full: string, ports: readonly number[] = []): UDPRoute {
  return { meta: smiMeta('specs', 'UDPRoute', full), ports };
}

export function binding(full: string, schemes: IdentityBinding['schemes']): IdentityBinding {
  return { meta: smiMeta('access', 'IdentityBinding', full), schemes };
}

/** `METHOD PATH` to `HOST:PORT`. */
export function http(from: string, to: string, line = 'GET /', headers: HttpRequest['headers'] = {}): HttpRequest {
  const [method = '', path = ''] = line.split(' ');
  return { kind: 'http', ...base(from, to), method, path, headers };
}

export function tcp(from: string, to: string): TcpRequest {
  return { kind: 'tcp', ...base(from, to) };
}

function base(from: string, to: string) {
  const { namespace, name } = names(from);
  const [host = '', port = '80'] = to.split(':');
  return { from: `${namespace}/${name}` as WorkloadId, to: { host, port: Number(port) } };
}
