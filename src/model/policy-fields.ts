import { type Origin, parseObjectKey } from '../diagnostics/origin.ts';
import { isRecord } from '../lib/values.ts';
import type { FieldOrigin, PolicyLayer, RequestPolicy } from './policy.ts';

/** What is taken from one layer as a whole; everything else is merged field by field. */
const wholes: ReadonlySet<string> = new Set([
  'loadBalancer.hashOn',
  'loadBalancer.locality.failover',
  'retries.on',
  'retries.methods',
  'faults.delay',
  'faults.abort',
  'mirror',
  'headers.request.set',
  'headers.request.add',
  'headers.response.set',
  'headers.response.add',
  'rateLimit',
  'authentication',
]);

/** A field that one layer says, by its path within the layer's fields: `retries.budget.percent`. */
export interface PolicyField {
  readonly path: string;
  readonly value: unknown;
}

/** What the fields of a layer say, in their order. An empty mapping says something too: a health check without details. */
export function fieldsOf(fields: object): readonly PolicyField[] {
  return Object.entries(fields).flatMap(([name, value]) => leaves(name, value));
}

function leaves(path: string, value: unknown): readonly PolicyField[] {
  if (value === undefined) return [];
  if (!isRecord(value) || wholes.has(path) || Object.keys(value).length === 0) return [{ path, value }];
  return Object.entries(value).flatMap(([name, inner]) => leaves(`${path}.${name}`, inner));
}

/** Where a TrafficPolicy says a field, within its `spec`. */
export function specField(path: string): string {
  if (path === 'connectTimeout') return 'timeouts.connect';
  return path === 'retries.on' ? 'retries.retryOn' : path;
}

/** The places of a layer that say a field. */
export function placesOf(path: string, origins: readonly FieldOrigin[]): readonly Origin[] {
  const field = `spec.${specField(path)}`;
  return origins.filter((origin) => (origin.says ?? origin.path) === field).map(({ says: _, ...origin }) => origin);
}

/** What holds for the requests that a rule takes, from the most specific: what the rule itself says, then the port's layers. */
export function requestLayersOf(
  { policy }: { readonly policy?: PolicyLayer<RequestPolicy> },
  layers: readonly PolicyLayer<RequestPolicy>[],
): readonly PolicyLayer<RequestPolicy>[] {
  return policy === undefined ? layers : [policy, ...layers];
}

/** Everything that is said of requests to a service port. */
export function allRequestLayers({ rules, policies = [] }: RequestLayers): readonly PolicyLayer<RequestPolicy>[] {
  return [...rules.flatMap(({ policy }) => policy ?? []), ...policies];
}

interface RequestLayers {
  readonly rules: readonly { readonly policy?: PolicyLayer<RequestPolicy> }[];
  readonly policies?: readonly PolicyLayer<RequestPolicy>[];
}

/** A field together with the layer that says it. */
export interface FieldInForce extends PolicyField {
  /** `NAMESPACE/NAME` of the TrafficPolicy. */
  readonly policy: string;
  readonly origins: readonly Origin[];
}

/** Of each field what the first layer says that has it, by path. */
export function fieldsInForce(layers: readonly PolicyLayer<object>[]): readonly FieldInForce[] {
  const found = new Map<string, FieldInForce>();
  for (const { policy, fields, origins } of layers) {
    for (const field of fieldsOf(fields)) {
      if (found.has(field.path)) continue;
      const places = placesOf(field.path, origins);
      found.set(field.path, { ...field, policy: policyAt(places) ?? policy, origins: places });
    }
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** A layer that was merged of several has the policy of each field in its origins. */
function policyAt([place]: readonly Origin[]): string | undefined {
  if (place === undefined) return undefined;
  const { namespace, name } = parseObjectKey(place.object);
  return `${namespace}/${name}`;
}

/** The fields put together again. */
export function assembled<Fields extends object>(fields: readonly PolicyField[]): Fields {
  const root: Record<string, unknown> = {};
  for (const { path, value } of fields) {
    const segments = path.split('.');
    const last = segments.pop() ?? '';
    let at = root;
    for (const segment of segments) {
      at[segment] ??= {};
      at = at[segment] as Record<string, unknown>;
    }
    at[last] = isRecord(value) && Object.keys(value).length === 0 ? {} : value;
  }
  return root as Fields;
}
