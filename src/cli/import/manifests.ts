import { isDeepStrictEqual } from 'node:util';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { type Origin, parseObjectKey } from '../../diagnostics/origin.ts';
import { gatewayGroup } from '../../gateway/versions.ts';
import type { Fields } from '../../lib/values.ts';
import { canonicalJson } from '../../model/canonical.ts';
import type { MeshModel, OutboundRule, PortPolicy, Service } from '../../model/types.ts';
import { type Run, smiObjects } from './smi-objects.ts';

export interface Manifests {
  readonly objects: readonly Fields[];
  /** The Services for which nothing is written. */
  readonly diagnostics: readonly Diagnostic[];
}

/** TrafficSplits, route groups and TrafficPolicies that mean what the routes of Gateway API in a model mean. */
export function manifestsOf(model: MeshModel): Manifests {
  const objects: Fields[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const service of Object.values(model.services)) {
    const ports = Object.values(model.outbound[service.id]?.ports ?? {});
    const origin = ports.flatMap(({ rules }) => rules.flatMap(({ origins }) => origins)).find(isOfRoute);
    if (origin === undefined) continue;
    const written = objectsOf(service, ports);
    if (typeof written !== 'string') objects.push(...written);
    else diagnostics.push(diagnostic('SMI4709', { message: `Service ${service.id}: ${written}`, origin }));
  }
  return { objects, diagnostics };
}

function isOfRoute({ object }: Origin): boolean {
  return parseObjectKey(object).group === gatewayGroup;
}

function objectsOf(service: Service, ports: readonly PortPolicy[]): readonly Fields[] | string {
  const problem = ports.flatMap((port) => port.rules.flatMap((rule) => problemOf(rule, port, service) ?? []))[0];
  if (problem !== undefined) return problem;
  const [first = [], ...others] = ports.map(runsOf);
  const meaning = (runs: readonly Run[]) => canonicalJson(runs.map(withoutPorts));
  if (others.some((runs) => meaning(runs) !== meaning(first))) {
    return 'its ports have different rules; a TrafficSplit is for all of them';
  }
  return smiObjects(service, first);
}

function withoutPorts({ to, ...run }: Run): unknown {
  if (to.kind !== 'weighted') return { ...run, to };
  return { ...run, to: to.targets.map(({ service, weight }) => ({ service, weight })) };
}

function problemOf(
  { from, to, policy }: OutboundRule,
  { port, protocol }: PortPolicy,
  { namespace }: Service,
): string | undefined {
  if (from !== 'any') return `a rule is for clients of ${from.join(', ')} alone, which SMI cannot say`;
  const mirror = policy?.fields.mirror?.service;
  if (mirror !== undefined && !mirror.startsWith(`${namespace}/`))
    return `it mirrors to another namespace, to ${mirror}`;
  if (to.kind === 'fail') return protocol === 'http' ? undefined : `connections to port ${port} lead nowhere`;
  for (const target of to.kind === 'weighted' ? to.targets : []) {
    if (!target.service.startsWith(`${namespace}/`)) return `Service ${target.service} is of another namespace`;
    if (target.port !== port) {
      return `port ${port} leads to port ${target.port} of Service ${target.service}; a TrafficSplit keeps the port`;
    }
  }
  return undefined;
}

/** Rules with one destination and one policy after the other are one. */
function runsOf({ rules }: PortPolicy): readonly Run[] {
  const runs: Run[] = [];
  for (const { match, to, policy } of rules) {
    const before = runs.at(-1);
    const fields = policy?.fields ?? {};
    const same = before !== undefined && isDeepStrictEqual([before.to, before.fields], [to, fields]);
    if (same && match !== 'any') runs[runs.length - 1] = { ...before, matches: [...before.matches, match] };
    else runs.push({ matches: match === 'any' ? [] : [match], to, fields });
  }
  return runs;
}
