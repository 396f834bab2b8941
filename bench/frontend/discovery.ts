import { once } from 'node:events';
import { createServer, type Server } from 'node:http';

/** Of the kinds in the manifests, by API group and version: plural, kind. */
const groups: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  v1: { services: 'Service', serviceaccounts: 'ServiceAccount', pods: 'Pod', configmaps: 'ConfigMap' },
  'apps/v1': { deployments: 'Deployment' },
  'split.smi-spec.io/v1alpha2': { trafficsplits: 'TrafficSplit' },
  'split.smi-spec.io/v1alpha4': { trafficsplits: 'TrafficSplit' },
  'specs.smi-spec.io/v1alpha4': { httproutegroups: 'HTTPRouteGroup', tcproutes: 'TCPRoute' },
  'access.smi-spec.io/v1alpha2': { traffictargets: 'TrafficTarget' },
  'access.smi-spec.io/v1alpha4': { traffictargets: 'TrafficTarget' },
};

/** An API server that tells which kinds there are and has no object: all that a client's dry run asks of one. */
export async function startDiscovery(): Promise<{ readonly url: string; stop(): void }> {
  const server = createServer((request, response) => {
    const body = answer(new URL(request.url ?? '/', 'http://localhost').pathname);
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? missing));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${portOf(server)}`, stop: () => void server.close().closeAllConnections() };
}

const missing = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', message: 'none', code: 404 };

function answer(path: string): unknown {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'] };
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupList() };
  const groupVersion = /^\/(?:api|apis)\/(.+)$/.exec(path)?.[1];
  const kinds = groupVersion === undefined ? undefined : groups[groupVersion];
  if (kinds === undefined) return undefined;
  const resources = Object.entries(kinds).map(([name, kind]) => ({
    name,
    kind,
    singularName: kind.toLowerCase(),
    namespaced: true,
    verbs: ['create', 'get', 'list', 'patch'],
  }));
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources };
}

function groupList(): readonly unknown[] {
  const named = Object.keys(groups).filter((groupVersion) => groupVersion.includes('/'));
  const names = new Set(named.map((groupVersion) => groupVersion.slice(0, groupVersion.indexOf('/'))));
  return [...names].map((name) => {
    const versions = named
      .filter((groupVersion) => groupVersion.startsWith(`${name}/`))
      .map((groupVersion) => ({ groupVersion, version: groupVersion.slice(name.length + 1) }));
    return { name, versions, preferredVersion: versions.at(-1) };
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
