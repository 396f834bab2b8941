import { accountOf, find } from './resources.mjs';

/** Whether TrafficTargets let a pod reach another at a container port; `request` is absent for plain connections. */
export function allowed(resources, { from, to, port, request }, faults) {
  return (resources.TrafficTarget ?? []).some(({ metadata: { namespace: home }, spec }) => {
    const { destination, sources = [], rules = [] } = spec;
    return (
      isAccount(destination, accountOf(to), home) &&
      (destination.namespace ?? home) === home &&
      includesSource(sources, accountOf(from), home, faults) &&
      covers(resources, home, rules, port, request, faults)
    );
  });
}

function includesSource(sources, account, home, faults) {
  if (sources.length === 0) return faults.has('empty-sources-are-anyone');
  if (faults.has('namespaces-of-sources-ignored')) return sources.some(({ name }) => name === account.name);
  return sources.some((source) => isAccount(source, account, home));
}

function isAccount({ kind, name, namespace }, account, home) {
  return kind === 'ServiceAccount' && name === account.name && (namespace ?? home) === account.namespace;
}

/** Route groups say which requests, TCPRoutes at which ports; without a group any bytes may pass there. */
function covers(resources, home, rules, port, request, faults) {
  const groups = rules.filter(({ kind }) => kind === 'HTTPRouteGroup');
  const routes = rules.filter(({ kind }) => kind === 'TCPRoute');
  if (groups.length === 0 && routes.length === 0) return false;
  const atPort =
    routes.length === 0 || routes.some(({ name }) => hasPort(find(resources, 'TCPRoute', home, name), port));
  if (groups.length === 0) return atPort;
  if (request === undefined || !atPort) return false;
  return groups.some(({ name, matches }) =>
    groupMatches(find(resources, 'HTTPRouteGroup', home, name), matches, request, faults),
  );
}

function hasPort(route, port) {
  if (route === undefined) return false;
  const ports = route.spec?.matches?.ports ?? [];
  return ports.length === 0 || ports.includes(port);
}

/** Whether a request is one of a group's matches, of those that are named where some are. */
export function groupMatches(group, names, request, faults) {
  const matches = (group?.spec.matches ?? []).filter(({ name }) => names === undefined || names.includes(name));
  return matches.some((match) => requestMatches(match, request, faults));
}

function requestMatches({ pathRegex = '', methods = [], headers = {} }, request, faults) {
  const [path] = request.url.split('?');
  const wanted = [headers].flat().flatMap((each) => Object.entries(each));
  return (
    new RegExp(`^(?:${pathRegex})`).test(path) &&
    (methods.length === 0 || methods.includes('*') || methods.includes(request.method)) &&
    wanted.every(([name, expression]) => headerMatches(request.headers[name.toLowerCase()], expression, faults))
  );
}

function headerMatches(value, expression, faults) {
  if (value === undefined) return false;
  return faults.has('header-expressions-are-text')
    ? value === expression
    : new RegExp(`^(?:${expression})$`).test(value);
}
