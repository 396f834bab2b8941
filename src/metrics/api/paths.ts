import { type ResourcePlural, resourceKinds } from '../contract.ts';
import { type ApiVersion, apiGroup, apiVersions, namespacedPlurals } from './contract.ts';

/** What a path of the API asks for. */
export type ApiPath =
  | { readonly kind: 'groups' | 'group' | 'openapi-v2' | 'openapi-v3' | 'health' | 'version' }
  | { readonly kind: 'openapi-v3-group' | 'resources'; readonly version: ApiVersion }
  | ResourcePath;

export interface ResourcePath {
  readonly kind: 'list' | 'get' | 'edges';
  readonly version: ApiVersion;
  readonly plural: ResourcePlural;
  /** Of Namespaces and Nodes, and of lists over all namespaces, none. */
  readonly namespace?: string;
  /** Of `get` and `edges`. */
  readonly name: string;
}

const fixed: Readonly<Record<string, ApiPath['kind']>> = {
  '/apis': 'groups',
  [`/apis/${apiGroup}`]: 'group',
  '/openapi/v2': 'openapi-v2',
  '/openapi/v3': 'openapi-v3',
  '/healthz': 'health',
  '/livez': 'health',
  '/readyz': 'health',
  '/version': 'version',
};

/** Nothing for a path that is not served. */
export function parsePath(path: string): ApiPath | undefined {
  const trimmed = path.length > 1 ? path.replace(/\/$/, '') : path;
  if (Object.hasOwn(fixed, trimmed)) return { kind: fixed[trimmed] } as ApiPath;
  const parts = trimmed.slice(1).split('/').map(decode);
  if (parts.some((part) => part === undefined || part === '')) return undefined;
  const [first, ...rest] = parts as string[];
  if (first === 'openapi') {
    const [v3, apis, group, version] = rest;
    if (rest.length !== 4 || v3 !== 'v3' || apis !== 'apis' || group !== apiGroup || !isVersion(version))
      return undefined;
    return { kind: 'openapi-v3-group', version };
  }
  const [group, version, ...resource] = rest;
  if (first !== 'apis' || group !== apiGroup || !isVersion(version)) return undefined;
  return resource.length === 0 ? { kind: 'resources', version } : resourcePath(version, resource);
}

function resourcePath(
  version: ApiVersion,
  [first = '', second, third, ...rest]: readonly string[],
): ResourcePath | undefined {
  if (!isPlural(first)) return undefined;
  if (second === undefined) return { kind: 'list', version, plural: first, name: '' };
  if (first !== 'namespaces') {
    // Of all others only those without namespace have their name here.
    return namespacedPlurals[first] ? undefined : named(version, first, [second, third, ...rest]);
  }
  if (third === undefined || third === 'edges') return named(version, first, [second, third, ...rest]);
  if (!isPlural(third) || !namespacedPlurals[third]) return undefined;
  if (rest.length === 0) return { kind: 'list', version, plural: third, namespace: second, name: '' };
  const found = named(version, third, rest);
  return found && { ...found, namespace: second };
}

function named(
  version: ApiVersion,
  plural: ResourcePlural,
  [name = '', edges, ...rest]: readonly (string | undefined)[],
): ResourcePath | undefined {
  if (rest.length > 0 || (edges !== undefined && edges !== 'edges')) return undefined;
  return { kind: edges === undefined ? 'get' : 'edges', version, plural, name };
}

function isPlural(text: string): text is ResourcePlural {
  return Object.hasOwn(resourceKinds, text);
}

function isVersion(text: string | undefined): text is ApiVersion {
  return apiVersions.some((version) => version === text);
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
