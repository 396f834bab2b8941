import fc from 'fast-check';
import type { Fields } from '../../../src/lib/values.ts';
import { fields, groupNames, manifest, matchNames, port, routeNames } from './parts.ts';

const group = 'specs.smi-spec.io';

const pathRegex = fc.constantFrom('/', '/books', '/api/.*', '.*', '', '/a|/b', '^/x$', '[^\\s\\S]');
const methods = fc.uniqueArray(fc.constantFrom('GET', 'POST', '*', 'DELETE'), { maxLength: 2 });
const headerName = fc.constantFrom('user-agent', 'host', 'X-Beta');
const headerObject = fc.dictionary(headerName, fc.constantFrom('.*', '.*Firefox.*', '^yes$'), {
  maxKeys: 2,
  noNullPrototype: true,
});
const headers = fc.oneof(
  headerObject,
  headerObject.map((object) => Object.entries(object).map(([name, regex]) => ({ [name]: regex }))),
  fc.constantFrom([{}], [{ host: 'a' }, { host: 'b' }]),
);

/** HTTPRouteGroups of a version. Those of v1alpha1 sometimes have headers, which its published schema lists. */
export function httpRouteGroup(version: string): fc.Arbitrary<Fields> {
  const match = (name: string) => fields({ name: fc.constant(name), pathRegex, methods, headers }, ['name']);
  const list = fc.subarray([...matchNames]).chain((names) => fc.tuple(...names.map(match)));
  const body =
    version === 'v1alpha1' || version === 'v1alpha2'
      ? fields({ matches: list })
      : fields({ spec: fields({ matches: list }) });
  return manifest(`${group}/${version}`, 'HTTPRouteGroup', fc.constantFrom(...groupNames), body);
}

const ports = fields({
  matches: fields({ name: fc.constant('all'), ports: fc.array(port, { maxLength: 3 }) }, ['ports']),
});

/** TCPRoutes of a version: ports exist in v1alpha4 only. */
export function tcpRoute(version: string): fc.Arbitrary<Fields> {
  const spec = version === 'v1alpha4' ? ports : fc.constantFrom({}, null);
  const body =
    version === 'v1alpha1' || version === 'v1alpha2'
      ? fields({})
      : fields({ spec }, version === 'v1alpha4' ? ['spec'] : []);
  return manifest(`${group}/${version}`, 'TCPRoute', fc.constantFrom(...routeNames), body);
}

/** UDPRoutes; they have one version. */
export function udpRoute(): fc.Arbitrary<Fields> {
  return manifest(`${group}/v1alpha4`, 'UDPRoute', fc.constantFrom(...routeNames), fields({ spec: ports }));
}
