import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import type { Connection } from './connect.ts';
import type { ClusterFault } from './fault.ts';

/** A kind of object, and the versions of it that the caller reads, the one it likes best first. */
export interface WantedKind {
  /** Empty for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly versions: readonly string[];
}

/** A kind as a cluster serves it. */
export interface ServedKind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Of its list in all namespaces. */
  readonly path: string;
}

const pageSize = 500;
/** So many objects of one kind are read at most. */
const objectLimit = 100_000;
/** A list is begun anew so often when the apiserver has forgotten the state that its pages were of. */
const restarts = 2;

/** Which of the kinds the cluster serves, each in the first of its versions that is served. */
export async function discover(
  connection: Connection,
  wanted: readonly WantedKind[],
): Promise<Result<readonly ServedKind[], Diagnostic>> {
  const groups = await connection.get('/apis');
  if (!groups.ok) return err(groups.error.diagnostic);
  const served = new Set(['v1', ...groupVersions(groups.value)]);
  const needed = new Set(wanted.flatMap((kind) => apiVersions(kind).filter((version) => served.has(version))));
  const resources = new Map<string, ReadonlyMap<string, string>>();
  for (const apiVersion of needed) {
    const list = await connection.get(rootOf(apiVersion));
    // A group that is announced and does not answer might hold what decides: that is no answer at all.
    if (!list.ok) return err(list.error.diagnostic);
    resources.set(apiVersion, pluralNames(list.value));
  }
  return ok(
    wanted.flatMap((kind) => {
      const apiVersion = apiVersions(kind).find((version) => resources.get(version)?.has(kind.kind));
      if (apiVersion === undefined) return [];
      const path = `${rootOf(apiVersion)}/${resources.get(apiVersion)?.get(kind.kind)}`;
      return [{ apiVersion, kind: kind.kind, path }];
    }),
  );
}

function apiVersions({ group, versions }: WantedKind): readonly string[] {
  return versions.map((version) => (group === '' ? version : `${group}/${version}`));
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** The `groupVersion`s of an APIGroupList. */
function groupVersions(value: unknown): readonly string[] {
  return items(value, 'groups').flatMap((group) => {
    return items(group, 'versions').flatMap(({ groupVersion }) =>
      typeof groupVersion === 'string' ? [groupVersion] : [],
    );
  });
}

/** Kind to plural name, from an APIResourceList; subresources (`pods/status`) are left out. */
function pluralNames(value: unknown): ReadonlyMap<string, string> {
  const names = items(value, 'resources').flatMap(({ name, kind }): [string, string][] => {
    return typeof name === 'string' && typeof kind === 'string' && !name.includes('/') ? [[kind, name]] : [];
  });
  return new Map(names);
}

/** Every object of a kind, page by page. */
export async function listAll(
  connection: Connection,
  served: ServedKind,
): Promise<Result<readonly Fields[], Diagnostic>> {
  for (let attempt = 0; ; attempt += 1) {
    const listed = await listPages(connection, served);
    if (listed.ok) return listed;
    // 410: a token of a page has expired.
    if (listed.error.status !== 410 || attempt === restarts) return err(listed.error.diagnostic);
  }
}

async function listPages(connection: Connection, served: ServedKind): Promise<Result<readonly Fields[], ClusterFault>> {
  const objects: Fields[] = [];
  let token = '';
  do {
    const query = new URLSearchParams({ limit: String(pageSize), ...(token === '' ? {} : { continue: token }) });
    const page = await connection.get(`${served.path}?${query}`);
    if (!page.ok) return page;
    objects.push(...items(page.value, 'items'));
    if (objects.length > objectLimit) return err({ diagnostic: tooMany(served) });
    const next = isRecord(page.value) && isRecord(page.value.metadata) ? page.value.metadata.continue : undefined;
    token = typeof next === 'string' ? next : '';
  } while (token !== '');
  return ok(objects);
}

function tooMany({ kind }: ServedKind): Diagnostic {
  const message = `the cluster has more than ${objectLimit} objects of kind ${kind}`;
  return diagnostic('SMI1010', { message, hint: 'Export what matters to files and name those.' });
}

function items(value: unknown, field: string): readonly Fields[] {
  const list = isRecord(value) ? value[field] : undefined;
  return Array.isArray(list) ? list.filter(isRecord) : [];
}
