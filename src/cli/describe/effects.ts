import type { ObjectKey } from '../../diagnostics/origin.ts';
import { parseObjectKey } from '../../diagnostics/origin.ts';
import { originsWithin } from '../../model/origins.ts';
import type { Distribution, Grant, MeshModel, Workload } from '../../model/types.ts';

/** What an object does in the mesh: one sentence for each effect, and the workloads whose proxies carry it out. */
export interface Effects {
  readonly lines: readonly string[];
  readonly workloads: readonly Workload[];
}

/** Read off the model by the origins of its nodes; for a Service or a Pod, what the mesh does with it. */
export function effectsOf(model: MeshModel, key: ObjectKey): Effects {
  const { kind, namespace, name } = parseObjectKey(key);
  if (kind === 'Pod') return podEffects(model, `${namespace}/${name}`);
  if (kind === 'Service') return serviceEffects(model, `${namespace}/${name}`);
  const servers = Object.values(model.inbound).filter((policy) => isFrom(policy, key));
  const grants = servers.flatMap(({ set, grants: all }) =>
    all.filter((grant) => isFrom(grant, key)).map((grant) => `lets ${principals(grant)} in to ${titleOf(model, set)}`),
  );
  const routes = Object.values(model.outbound).flatMap(({ service, ports }) =>
    Object.entries(ports).flatMap(([port, { rules }]) =>
      rules
        .filter((rule) => isFrom(rule, key))
        .map(({ to, match }) => routeLine(`${service}:${port}`, to, match === 'any')),
    ),
  );
  const policies = Object.values(model.outbound).filter(({ ports }) =>
    isFrom(Object.values(ports).map(withoutRules), key),
  );
  return {
    lines: [
      ...new Set([
        ...routes,
        ...grants,
        ...policies.map(({ service }) => `governs how callers treat ${service}`),
        ...(grants.length === 0 ? servers.map(({ set }) => `governs what ${titleOf(model, set)} takes`) : []),
      ]),
    ],
    workloads: servers.flatMap(({ set }) => membersOf(model, set)),
  };
}

function isFrom(part: unknown, key: ObjectKey): boolean {
  return originsWithin(part).some(({ object }) => object === key);
}

function withoutRules({ rules: _, ...rest }: { readonly rules: unknown }): unknown {
  return rest;
}

function routeLine(port: string, to: Distribution, always: boolean): string {
  const when = always ? '' : ' that match';
  if (to.kind === 'self') return `requests${when} for ${port} go to its own pods`;
  if (to.kind === 'fail') return `requests${when} for ${port} fail (${to.because})`;
  const sum = to.targets.reduce((total, { weight }) => total + weight, 0);
  const shares = to.targets.map(({ service, weight }) => `${Math.round((weight / sum) * 1_000) / 10}% ${service}`);
  return `requests${when} for ${port} go to ${shares.join(', ')}`;
}

function principals({ from }: Grant): string {
  return from
    .map((principal) =>
      principal.kind === 'identity' ? principal.spiffe : `${principal.workloads.length} pods of ${principal.spiffe}`,
    )
    .join(', ');
}

function membersOf(model: MeshModel, set: string): readonly Workload[] {
  return Object.values(model.workloads).filter((workload) => workload.set === set);
}

/** A set of workloads as people know it: by its account, and how many pods it has. */
function titleOf(model: MeshModel, set: string): string {
  const members = membersOf(model, set);
  const [first] = members;
  if (first === undefined) return set;
  return `${members.length} pod${members.length === 1 ? '' : 's'} of ${first.namespace}/${first.serviceAccount}`;
}

function podEffects(model: MeshModel, id: string): Effects {
  const workload = Object.values(model.workloads).find((one) => one.id === id);
  if (workload === undefined) return { lines: ['is not part of the mesh model'], workloads: [] };
  const inbound = model.inbound[workload.set];
  const rules = [...new Set(inbound?.grants.map((grant) => `${grant.rule} lets in ${principals(grant)}`))];
  return {
    lines: [
      `proves ${workload.identity}`,
      workload.transport === 'mtls'
        ? 'has a sidecar'
        : 'has no sidecar: it is called in plain text and decides nothing',
      `access mode ${inbound?.mode ?? model.settings.accessMode}`,
      ...(rules.length === 0 ? ['no TrafficTarget lets anybody in'] : rules),
    ],
    workloads: [workload],
  };
}

function serviceEffects(model: MeshModel, id: string): Effects {
  const service = Object.values(model.services).find((one) => one.id === id);
  if (service === undefined) return { lines: ['is not part of the mesh model'], workloads: [] };
  const targets = new Set(service.ports.flatMap((port) => port.targets.map(({ workload }) => workload)));
  const workloads = Object.values(model.workloads).filter((workload) => targets.has(workload.id));
  const meshed = workloads.filter(({ transport }) => transport === 'mtls').length;
  const routes = Object.entries(model.outbound[service.id]?.ports ?? {}).flatMap(([port, { rules }]) =>
    rules.map(({ to, match }) => routeLine(`port ${port}`, to, match === 'any')),
  );
  const sets = [...new Set(workloads.map(({ set }) => set))];
  const grants = sets.flatMap((set) =>
    (model.inbound[set]?.grants ?? []).map((grant) => `${grant.rule} lets in ${principals(grant)}`),
  );
  return {
    lines: [`${workloads.length} pods, ${meshed} with a sidecar`, ...routes, ...new Set(grants)],
    workloads,
  };
}
