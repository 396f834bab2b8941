import type { Artifact, SimulatedTreatment } from '../../../src/adapter/contract.ts';
import { parseDuration } from '../../../src/lib/duration.ts';
import { type Fields, isRecord } from '../../../src/lib/values.ts';

/** A route as far as it decides where traffic goes, its defaults filled in. */
export interface Route {
  readonly kind: RouteKind;
  readonly namespace: string;
  readonly name: string;
  /** Milliseconds; absent in documents that nobody has applied, which are all created at once. */
  readonly created: number;
  readonly parents: readonly ServiceParent[];
  readonly rules: readonly RouteRule[];
}

export const routeKinds = ['GRPCRoute', 'HTTPRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'] as const;
export type RouteKind = (typeof routeKinds)[number];

/** A parentRef that is a Service. Without port every port is meant. */
export interface ServiceParent {
  readonly namespace: string;
  readonly name: string;
  readonly port?: number;
  /** The port's name. */
  readonly section?: string;
}

export interface RouteRule {
  readonly matches: readonly Match[];
  readonly backends: readonly Backend[];
  /** Status of a redirect, which answers instead of any backend. */
  readonly redirect?: number;
  /** Milliseconds; 0 is no limit. */
  readonly timeout?: number;
  /** The same of each try. */
  readonly tryTimeout?: number;
  /** It says how requests are tried again. */
  readonly retries: boolean;
  readonly headers: NonNullable<SimulatedTreatment['headers']>;
  readonly mirror?: { readonly backend: Backend; readonly share: number };
}

export interface Match {
  readonly path: { readonly type: string; readonly value: string };
  readonly method?: string;
  readonly headers: readonly Condition[];
  readonly query: readonly Condition[];
  /** Of a GRPCRoute; then `path` is not asked. */
  readonly call?: { readonly type: string; readonly service?: string; readonly method?: string };
}

interface Condition {
  readonly type: string;
  readonly name: string;
  readonly value: string;
}

export interface Backend {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly port?: number;
  readonly weight: number;
}

/** Which routes of other namespaces may name Services of a namespace. */
export interface Grant {
  readonly namespace: string;
  readonly from: readonly { readonly kind: string; readonly namespace: string }[];
  /** Without a name, every Service. */
  readonly to: readonly { readonly name?: string }[];
}

/** The routes among the documents that are attached to Services, and that an apiserver takes. */
export function readRoutes(documents: readonly Artifact[]): readonly Route[] {
  return objectsOf(documents).flatMap(({ kind: written, metadata, spec, namespace }) => {
    const kind = routeKinds.find((each) => each === written);
    if (kind === undefined) return [];
    const created = Date.parse(text(metadata.creationTimestamp) ?? '');
    const route: Route = {
      ...{ kind, namespace, name: text(metadata.name) ?? '' },
      created: Number.isNaN(created) ? 0 : created,
      parents: listOf(spec.parentRefs).flatMap((parent) => readParent(parent, namespace)),
      // Of an HTTPRoute without rules the default is one that matches everything, and has no backend.
      rules: (spec.rules === undefined ? [{}] : listOf(spec.rules)).map((rule) => readRule(kind, rule, namespace)),
    };
    return isTaken(route) ? [route] : [];
  });
}

/** The ReferenceGrants among the documents. */
export function readGrants(documents: readonly Artifact[]): readonly Grant[] {
  return objectsOf(documents).flatMap(({ kind, spec, namespace }) => {
    if (kind !== 'ReferenceGrant') return [];
    const from = listOf(spec.from).map((each) => ({
      kind: text(each.kind) ?? '',
      namespace: text(each.namespace) ?? '',
    }));
    const to = listOf(spec.to).flatMap(({ group, kind: granted, name }) => {
      if (group !== '' || granted !== 'Service') return [];
      const named = text(name);
      return [named === undefined ? {} : { name: named }];
    });
    return [{ namespace, from, to }];
  });
}

function objectsOf(documents: readonly Artifact[]) {
  return documents.flatMap(({ body }) => {
    if (!isRecord(body) || !String(body.apiVersion).startsWith('gateway.networking.k8s.io/')) return [];
    const metadata = fieldsOf(body.metadata);
    return [{ kind: body.kind, metadata, spec: fieldsOf(body.spec), namespace: text(metadata.namespace) ?? 'default' }];
  });
}

const most = { rules: 16, matchesOfRule: 64, matches: 128, backends: 16, headers: 16, weight: 1_000_000 };

/** Lists and numbers as the API limits them; a route beyond is refused as a whole. */
function isTaken({ rules }: Route): boolean {
  return (
    rules.length <= most.rules &&
    rules.reduce((sum, { matches }) => sum + matches.length, 0) <= most.matches &&
    rules.every(
      ({ matches, backends }) =>
        matches.length <= most.matchesOfRule &&
        matches.every(({ headers }) => headers.length <= most.headers) &&
        backends.length <= most.backends &&
        backends.every(({ weight }) => Number.isInteger(weight) && weight >= 0 && weight <= most.weight),
    )
  );
}

function readParent(parent: Fields, home: string): readonly ServiceParent[] {
  // Without group and kind a Gateway is meant.
  if (parent.group !== '' || parent.kind !== 'Service') return [];
  const [port, section] = [number(parent.port), text(parent.sectionName)];
  return [
    {
      namespace: text(parent.namespace) ?? home,
      name: text(parent.name) ?? '',
      ...(port === undefined ? {} : { port }),
      ...(section === undefined ? {} : { section }),
    },
  ];
}

function readRule(kind: RouteKind, rule: Fields, home: string): RouteRule {
  const written = listOf(rule.matches);
  const matches = written.length === 0 ? [{}] : written;
  const redirect = listOf(rule.filters).find(({ type }) => type === 'RequestRedirect');
  return {
    matches: matches.map((match) => (kind === 'GRPCRoute' ? readCall(match) : readMatch(match))),
    backends: listOf(rule.backendRefs).map((ref) => readBackend(ref, home)),
    ...readTreatment(rule, home),
    ...(redirect === undefined ? {} : { redirect: number(fieldsOf(redirect.requestRedirect).statusCode) ?? 302 }),
  };
}

function readTreatment(
  rule: Fields,
  home: string,
): Pick<RouteRule, 'timeout' | 'tryTimeout' | 'retries' | 'headers' | 'mirror'> {
  const filters = listOf(rule.filters);
  const { request, backendRequest } = fieldsOf(rule.timeouts);
  const [timeout, tryTimeout] = [request, backendRequest].map((limit) => parseDuration(text(limit) ?? ''));
  const edits = (type: string, field: string) => {
    const { set, add, remove } = fieldsOf(filters.find((filter) => filter.type === type)?.[field]);
    return { set: valuesOf(set), add: valuesOf(add), remove: Array.isArray(remove) ? remove.map(String) : [] };
  };
  const copied = filters.find(({ type }) => type === 'RequestMirror');
  const { backendRef, percent, fraction } = fieldsOf(copied?.requestMirror);
  const { numerator, denominator } = fieldsOf(fraction);
  const parts =
    fraction === undefined ? (number(percent) ?? 100) / 100 : (number(numerator) ?? 0) / (number(denominator) ?? 100);
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(tryTimeout === undefined ? {} : { tryTimeout }),
    retries: rule.retry !== undefined,
    headers: {
      request: edits('RequestHeaderModifier', 'requestHeaderModifier'),
      response: edits('ResponseHeaderModifier', 'responseHeaderModifier'),
    },
    ...(copied === undefined
      ? {}
      : { mirror: { backend: readBackend(fieldsOf(backendRef), home), share: Math.round(parts * 10_000) } }),
  };
}

function valuesOf(list: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(listOf(list).map(({ name, value }) => [text(name) ?? '', text(value) ?? '']));
}

function readMatch(match: Fields): Match {
  const path = fieldsOf(match.path);
  const method = text(match.method);
  return {
    path: { type: text(path.type) ?? 'PathPrefix', value: text(path.value) ?? '/' },
    ...(method === undefined ? {} : { method }),
    headers: conditionsOf(match.headers),
    query: conditionsOf(match.queryParams),
  };
}

function readCall(match: Fields): Match {
  const { type, service, method } = fieldsOf(match.method);
  const [named, called] = [text(service), text(method)];
  return {
    path: { type: 'PathPrefix', value: '/' },
    headers: conditionsOf(match.headers),
    query: [],
    call: {
      type: text(type) ?? 'Exact',
      ...(named ? { service: named } : {}),
      ...(called ? { method: called } : {}),
    },
  };
}

function conditionsOf(value: unknown): readonly Condition[] {
  return listOf(value).map(({ type, name, value: asked }) => ({
    type: text(type) ?? 'Exact',
    name: text(name)?.toLowerCase() ?? '',
    value: text(asked) ?? '',
  }));
}

function readBackend(ref: Fields, home: string): Backend {
  const port = number(ref.port);
  return {
    kind: ref.group === undefined || ref.group === '' ? (text(ref.kind) ?? 'Service') : `${ref.group}/${ref.kind}`,
    namespace: text(ref.namespace) ?? home,
    name: text(ref.name) ?? '',
    ...(port === undefined ? {} : { port }),
    weight: number(ref.weight) ?? 1,
  };
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
