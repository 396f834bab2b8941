import type { Workload } from '../../../src/adapter/index.ts';
import type { Arriving } from './access.ts';
import { hasLabels, type RequestMatch } from './documents.ts';
import { matchesText } from './texts.ts';

interface Traffic {
  readonly client: Workload;
  readonly port: number;
  readonly http?: NonNullable<Arriving['http']>;
}

/** The first entry of which one match holds; one without matches takes everything. */
export function firstRoute<Route extends { readonly match?: readonly RequestMatch[] }>(
  routes: readonly Route[],
  traffic: Traffic,
): Route | undefined {
  return routes.find(({ match }) => match === undefined || match.some((one) => holds(one, traffic)));
}

/** Paths are matched without their query, and values of a repeated header joined with commas. */
function holds(match: RequestMatch, { client, port, http }: Traffic): boolean {
  const { uri, method, authority, headers = {}, sourceNamespace, sourceLabels } = match;
  if (match.port !== undefined && match.port !== port) return false;
  if (sourceNamespace !== undefined && sourceNamespace !== client.namespace) return false;
  if (!hasLabels(client.labels, sourceLabels)) return false;
  if (http === undefined) return true;
  return (
    (uri === undefined || matchesText(uri, http.path)) &&
    (method === undefined || matchesText(method, http.method)) &&
    (authority === undefined || matchesText(authority, http.authority)) &&
    Object.entries(headers).every(([name, wanted]) => {
      const value = Object.hasOwn(http.headers, name) ? http.headers[name] : undefined;
      return value !== undefined && matchesText(wanted, typeof value === 'string' ? value : value.join(','));
    })
  );
}
