import { literal } from '../../gateway/literal.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { Fields } from '../../lib/values.ts';
import type { RequestPolicy } from '../../model/policy.ts';
import { assembled, fieldsOf, type PolicyField } from '../../model/policy-fields.ts';
import type { Distribution, HttpMatch, PathMatch, Service } from '../../model/types.ts';
import { sharesPerPercent } from '../../policy/limits.ts';
import { policyGroup, policyKind, policyVersion } from '../../policy/versions.ts';

/** Rules one after the other that send requests to the same place and treat them alike. */
export interface Run {
  /** Empty for the last, which takes all other requests. */
  readonly matches: readonly HttpMatch[];
  readonly to: Distribution;
  readonly fields: RequestPolicy;
}

/** The SMI objects of a Service whose requests its runs take in order; or why they cannot say it. */
export function smiObjects(service: Service, runs: readonly Run[]): readonly Fields[] | string {
  const objects: Fields[] = [];
  const { policies, problem } = separated(runs.map(policyFields));
  if (problem !== undefined) return problem;
  const width = String(runs.length).length;
  for (const [index, run] of runs.entries()) {
    const last = run.matches.length === 0;
    // Names in order: of several objects for one Service the first by name is asked first.
    const name = last ? service.name : `${service.name}-${String(index + 1).padStart(width, '0')}`;
    const meta = { name, namespace: service.namespace };
    if (!last) objects.push(groupOf(meta, run.matches));
    const matches = last ? {} : { matches: [{ kind: 'HTTPRouteGroup', name }] };
    const backends = backendsOf(run.to, service);
    if (!last || run.to.kind === 'weighted') {
      const spec = { service: service.name, ...matches, backends };
      objects.push({ apiVersion: 'split.smi-spec.io/v1alpha4', kind: 'TrafficSplit', metadata: meta, spec });
    }
    const fields = policies[index] ?? [];
    if (fields.length > 0) objects.push(policyObject(meta, service, matches, assembled<RequestPolicy>(fields)));
  }
  return objects;
}

function groupOf(metadata: Fields, matches: readonly HttpMatch[]): Fields {
  const written = matches.map(({ methods, path, headers }, index) => ({
    name: `match-${index + 1}`,
    ...(path === 'any' ? {} : { pathRegex: wholePath(path) }),
    ...(methods === 'any' ? {} : { methods }),
    ...(headers === 'any'
      ? {}
      : { headers: Object.fromEntries(headers.map(({ name, re2 }) => [name === ':authority' ? 'host' : name, re2])) }),
  }));
  return {
    apiVersion: 'specs.smi-spec.io/v1alpha4',
    kind: 'HTTPRouteGroup',
    metadata,
    spec: { matches: written },
  };
}

/** An expression that means the same whether the mesh anchors it at the start alone or at both ends. */
function wholePath(path: PathMatch): string {
  switch (path.kind) {
    case 'exact':
      return `${literal(path.value)}$`;
    case 'prefix':
      return `${literal(path.value)}.*`;
    case 'regex':
      return `(?:${path.re2})$`;
  }
}

/** What fails is never sent, so that it does not matter where. */
function backendsOf(to: Distribution, { namespace, name }: Service): readonly Fields[] {
  if (to.kind !== 'weighted') return [{ service: name, weight: 1 }];
  return to.targets.map(({ service, weight }) => ({ service: service.slice(namespace.length + 1), weight }));
}

/** What is said of a run's requests; failing is said as a fault of all of them. */
function policyFields({ to, fields }: Run): readonly PolicyField[] {
  if (to.kind !== 'fail') return fieldsOf(fields);
  return [{ path: 'faults.abort', value: { httpStatus: to.status ?? 503, share: 100 * sharesPerPercent } }];
}

/**
 * The fields of each run, and those that keep what later runs say from its requests: of policies for one Service, a field that
 * one does not say is that of the next that covers the request.
 */
function separated(runs: readonly (readonly PolicyField[])[]): {
  readonly policies: readonly (readonly PolicyField[])[];
  readonly problem?: string;
} {
  const policies: (readonly PolicyField[])[] = [];
  for (const [index, own] of runs.entries()) {
    const said = new Set(own.map(({ path }) => path));
    const fillers = new Map<string, PolicyField>();
    for (const { path, value } of runs.slice(index + 1).flat()) {
      if (said.has(path) || fillers.has(path)) continue;
      const neutral = nothingOf(path, value);
      if (neutral === undefined) {
        const problem = `${path} of a later rule would be in force for requests of an earlier one, too`;
        return { policies: [], problem };
      }
      fillers.set(path, { path, value: neutral });
    }
    policies.push([...own, ...fillers.values()]);
  }
  return { policies };
}

/** A value of a field that does nothing; undefined where there is none. */
function nothingOf(path: string, value: unknown): unknown {
  if (path.startsWith('timeouts.')) return 0;
  return path === 'mirror' || path === 'faults.abort' ? { ...(value as Fields), share: 0 } : undefined;
}

function policyObject(metadata: Fields, { name }: Service, matches: Fields, fields: RequestPolicy): Fields {
  const { timeouts, retries, mirror, faults, headers } = fields;
  const times = Object.entries(timeouts ?? {}).map(([field, millis]) => [field, formatDuration(Number(millis))]);
  const spec = {
    targetRefs: [{ kind: 'Service', name }],
    ...matches,
    ...(times.length === 0 ? {} : { timeouts: Object.fromEntries(times) }),
    ...(retries === undefined ? {} : { retries: writtenRetries(retries) }),
    ...(mirror === undefined ? {} : { mirror: writtenMirror(mirror) }),
    ...(faults?.abort === undefined ? {} : { faults: { abort: percented(faults.abort) } }),
    ...(headers === undefined ? {} : { headers }),
  };
  return { apiVersion: `${policyGroup}/${policyVersion}`, kind: policyKind, metadata, spec };
}

function writtenRetries({ on, attempts, backoff }: NonNullable<RequestPolicy['retries']>): Fields {
  return {
    ...(on === undefined ? {} : { retryOn: on }),
    ...(attempts === undefined ? {} : { attempts }),
    ...(backoff?.base === undefined ? {} : { backoff: { base: formatDuration(backoff.base) } }),
  };
}

function writtenMirror({ service, port, share }: NonNullable<RequestPolicy['mirror']>): Fields {
  return percented({ service: service.slice(service.indexOf('/') + 1), port, share });
}

function percented({ share, ...others }: Fields & { readonly share: number }): Fields {
  return { ...others, percent: share / sharesPerPercent };
}
