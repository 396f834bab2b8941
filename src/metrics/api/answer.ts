import { parseDuration } from '../../lib/duration.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import {
  type BackendWeights,
  type MetricsSource,
  type ResourcePlural,
  resourceKinds,
  type TrafficResource,
  type TrafficSummary,
} from '../contract.ts';
import type { ApiAnswer, ApiRequest, LatencyUnit, MeasuredObject, ObjectDirectory } from './contract.ts';
import { namespacedPlurals } from './contract.ts';
import { apiGroups, apiResources, openApiV2, openApiV3, openApiV3Root, theGroup } from './discovery.ts';
import { type Measurement, type Occasion, ofEdge, ofTotal, trafficMetrics, trafficMetricsList } from './documents.ts';
import { parsePath, type ResourcePath } from './paths.ts';
import { parseSelector, type Requirement, selects } from './selector.ts';
import { failure } from './status.ts';
import { table, wantsTable } from './table.ts';

export interface ApiOptions {
  readonly source: MetricsSource;
  readonly weights: BackendWeights;
  readonly objects: ObjectDirectory;
  readonly latencyUnit: LatencyUnit;
  readonly now: () => number;
}

/** Of a question that names none, or one that cannot be read, as the reference server has it. */
const defaultWindow = 30_000;
const longestWindow = 3_600_000;

/** Answers questions to the API `metrics.smi-spec.io`; whoever carries them has seen that they may be asked. */
export async function answerApi(request: ApiRequest, options: ApiOptions): Promise<ApiAnswer> {
  const path = parsePath(request.path);
  if (path === undefined) return failure(404, 'the server could not find the requested resource');
  if (request.method !== 'GET') return failure(405, `${request.method} is not supported: traffic is read`);
  switch (path.kind) {
    case 'health':
      return { status: 200, body: 'ok', type: 'text/plain' };
    case 'version':
      return { status: 200, body: { major: '1', minor: '0', gitVersion: 'v1.0.0' } };
    case 'groups':
      return { status: 200, body: apiGroups() };
    case 'group':
      return { status: 200, body: theGroup() };
    case 'resources':
      return { status: 200, body: apiResources(path.version) };
    case 'openapi-v2':
      return { status: 200, body: openApiV2() };
    case 'openapi-v3':
      return { status: 200, body: openApiV3Root() };
    case 'openapi-v3-group':
      return { status: 200, body: openApiV3(path.version) };
    default:
      return await answerResource(path, request, options);
  }
}

async function answerResource(
  path: ResourcePath,
  { query, accept }: ApiRequest,
  options: ApiOptions,
): Promise<ApiAnswer> {
  if (query.get('watch') === 'true' || query.get('watch') === '1')
    return failure(405, 'watch is not supported on traffic metrics');
  const selector = parseSelector(query.get('labelSelector') ?? '');
  if (!selector.ok) return failure(400, selector.error);
  const wanted = readFilter(query);
  if (!wanted.ok) return failure(400, wanted.error);
  const { plural, namespace, name, kind } = path;
  const listed = await options.objects.list(plural, plural === 'namespaces' ? undefined : namespace);
  if (!listed.ok) return failure(503, listed.error);
  const found = kind === 'list' ? listed.value : listed.value.filter((object) => object.name === name);
  if (kind !== 'list' && found.length === 0) {
    const about = { group: groupOf(plural), kind: plural, name };
    return failure(
      404,
      `${plural}${about.group === '' ? '' : `.${about.group}`} ${JSON.stringify(name)} not found`,
      about,
    );
  }
  const at = options.now();
  const windowMillis = windowOf(query);
  const { side, direction } = kind === 'edges' ? wanted.value : measuredAs(plural, wanted.value);
  const { source, weights } = options;
  const only = kind === 'edges' ? kind : direction;
  const summed = await source.summary(windowMillis, at, { by: plural, weights, only, side });
  if (!summed.ok) return failure(503, summed.error);
  const chosen = found.filter(({ labels }) => selects(selector.value, labels));
  const measurements = chosen.flatMap((object) =>
    measurementsOf(path, resourceOf(path, object), summed.value, wanted.value),
  );
  const { latencyUnit: unit } = options;
  const occasion = { version: path.version, unit, windowSeconds: windowMillis / 1000, at };
  return { status: 200, body: document(path, measurements, selector.value, occasion, accept) };
}

function document(
  path: ResourcePath,
  measurements: readonly Measurement[],
  requirements: readonly Requirement[],
  occasion: Occasion,
  accept: string,
): object {
  const documents = measurements.map((each) => trafficMetrics(each, path.plural, occasion));
  if (wantsTable(accept)) return table(measurements, documents, occasion.windowSeconds);
  const [only] = documents;
  // Each backend of a split is measured by itself, so that there may be several.
  if (path.kind === 'get' && path.plural !== 'trafficsplits' && only !== undefined) return only;
  return trafficMetricsList(path, documents, requirements, occasion);
}

interface Filter {
  readonly side?: 'client' | 'server';
  readonly direction?: 'from' | 'to';
}

function readFilter(query: URLSearchParams): Result<Filter, string> {
  const side = query.get('side') ?? undefined;
  const direction = query.get('direction') ?? undefined;
  if (side !== undefined && side !== 'client' && side !== 'server') return err('side must be client or server');
  if (direction !== undefined && direction !== 'from' && direction !== 'to') return err('direction must be from or to');
  return ok({ ...(side === undefined ? {} : { side }), ...(direction === undefined ? {} : { direction }) });
}

/** What an object received, as its own proxies measured: they see callers outside the mesh too. Of splits it is the callers who know. */
function measuredAs(plural: ResourcePlural, { side, direction = 'from' }: Filter): Required<Filter> {
  return { side: side ?? (plural === 'trafficsplits' ? 'client' : 'server'), direction };
}

/** Edges are those of both directions and sides, unless the question says which. */
function measurementsOf(
  { kind, plural }: ResourcePath,
  resource: TrafficResource,
  summary: TrafficSummary,
  filter: Filter,
): readonly Measurement[] {
  const isSame = (other: TrafficResource | null) =>
    other?.name === resource.name && other.namespace === resource.namespace;
  if (kind === 'edges') {
    const { direction } = filter;
    return summary.edges.flatMap((edge) => [
      ...(isSame(edge.source) && direction !== 'from' ? [ofEdge(edge, 'to', resource)] : []),
      ...(isSame(edge.destination) && direction !== 'to' ? [ofEdge(edge, 'from', resource)] : []),
    ]);
  }
  const totals = summary.totals.filter((total) => isSame(total.resource));
  return totals.length === 0 ? [{ resource, ...measuredAs(plural, filter) }] : totals.map(ofTotal);
}

function resourceOf({ plural }: ResourcePath, { namespace, name }: MeasuredObject): TrafficResource {
  return { kind: resourceKinds[plural], ...(namespacedPlurals[plural] ? { namespace } : {}), name };
}

function windowOf(query: URLSearchParams): number {
  const millis = parseDuration(query.get('window') ?? query.get('t') ?? '') ?? defaultWindow;
  return Math.min(longestWindow, millis < 1_000 ? defaultWindow : millis);
}

function groupOf(plural: ResourcePath['plural']): string {
  if (plural === 'trafficsplits') return 'split.smi-spec.io';
  if (plural === 'jobs') return 'batch';
  return ['replicasets', 'daemonsets', 'deployments', 'statefulsets'].includes(plural) ? 'apps' : '';
}
