import type {
  Artifact,
  EmitContext,
  Grant,
  GrantTarget,
  HttpMatch,
  InboundPolicy,
  Loss,
  MeshModel,
  Origin,
  Principal,
  Workload,
} from '../../../src/adapter/index.ts';
import { trustDomainOf } from '../../../src/lib/spiffe.ts';
import { originsWithin } from '../../../src/model/origins.ts';
import type { IstioOptions } from '../options.ts';
import { type Fields, istioObject } from './object.ts';
import { claimsOf, type HeaderKey, type Operation, operationsOf } from './operations.ts';
import { portsWith, type SetPlaces, selectorField } from './places.ts';

type Context = EmitContext<IstioOptions>;

/** Rules of one policy; the API takes 512. */
const maxRules = 500;

/** Who may reach the workloads of a set, as policies that let in. Under `audit` they only say what they would do. */
export function grantPolicies(
  model: MeshModel,
  policy: InboundPolicy,
  places: SetPlaces,
  context: Context,
): readonly Artifact[] {
  if (policy.mode === 'allow') return [];
  // What is lost is lost once, however many selectors there are.
  const told = new Map<string, Loss>();
  const once = { ...context, report: (loss: Loss) => void told.set(JSON.stringify(loss), loss) };
  const policies = places.selectors.flatMap(({ name, selector, workloads }) => {
    const granted = policy.grants.flatMap((grant) => grantRules(model, policy, grant, workloads, once));
    return chunksOf([...granted, ...plainRules(workloads)]).map((chunk, index) =>
      istioObject(
        'AuthorizationPolicy',
        {
          ...auditing(policy),
          namespace: places.namespace,
          name: `${index === 0 ? 'allow' : `allow-${index + 1}`}.${name}`,
        },
        { ...selectorField(selector), action: 'ALLOW', rules: chunk.map(({ rule }) => rule) },
        originsWithin({ origins: chunk.flatMap(({ origins }) => origins) }),
      ),
    );
  });
  for (const loss of told.values()) context.report?.(loss);
  return policies;
}

function chunksOf(rules: readonly Rule[]): readonly (readonly Rule[])[] {
  return Array.from({ length: Math.ceil(rules.length / maxRules) }, (_, index) =>
    rules.slice(index * maxRules, (index + 1) * maxRules),
  );
}

/** Nobody is let in whom no rule names: in earnest, or for the record. */
export function denial(mode: 'deny' | 'audit', namespace: string, origins: readonly Origin[]): Artifact {
  return istioObject(
    'AuthorizationPolicy',
    { ...auditing({ mode }), namespace, name: 'smi-mesh-deny' },
    { action: 'ALLOW' },
    origins,
  );
}

function auditing({ mode }: Pick<InboundPolicy, 'mode'>): { readonly annotations?: Readonly<Record<string, string>> } {
  return mode === 'audit' ? { annotations: { 'istio.io/dry-run': 'true' } } : {};
}

interface Rule {
  readonly rule: Fields;
  readonly origins: readonly Origin[];
}

/** What is said of HTTP stands in rules of its own: Istio leaves out a whole rule where it cannot be read, on TCP ports. */
function grantRules(
  model: MeshModel,
  policy: InboundPolicy,
  grant: Grant,
  workloads: readonly Workload[],
  context: Context,
): readonly Rule[] {
  const from = sourcesOf(model, grant, context);
  if (from.length === 0) return [];
  const claims = claimsOf(policy);
  const operations = grant.to.flatMap((target) => targetOperations(target, workloads, claims, grant, context));
  const groups = Map.groupBy(operations, ({ http, when }) => JSON.stringify([http, when]));
  return [...groups.values()].map((group) => ({
    rule: {
      from,
      to: group.map(({ operation }) => ({ operation })),
      ...(group[0]?.when.length ? { when: group[0].when } : {}),
    },
    origins: originsWithin({ from: grant.from, origins: grant.origins }, group),
  }));
}

function sourcesOf(model: MeshModel, { from, rule }: Grant, context: Context): readonly Fields[] {
  const everywhere = from.filter(({ kind }) => kind === 'identity').filter(({ spiffe }) => isProvable(model, spiffe));
  const pods = from.filter((principal) => principal.kind === 'pods');
  for (const principal of pods.filter(({ addresses }) => addresses.length === 0)) {
    context.report?.({
      feature: 'access-pods',
      kind: 'dropped',
      text: `pods that ${rule} selects by their labels are not let in while their addresses are not known`,
      origins: principal.origins,
    });
  }
  const principals = [...new Set(everywhere.map(principalOf))].sort();
  return [
    ...(principals.length === 0 ? [] : [{ source: { principals } }]),
    ...pods
      .filter(({ addresses }) => addresses.length > 0)
      .map((principal) => ({ source: { principals: [principalOf(principal)], ipBlocks: principal.addresses } })),
  ];
}

/** Members of other trust domains are known by the mesh's word alone. */
function isProvable({ trustDomain, settings }: MeshModel, spiffe: string): boolean {
  const domain = trustDomainOf(spiffe) ?? '';
  return domain === trustDomain || settings.trustDomains?.[domain] !== undefined;
}

function principalOf({ spiffe }: Principal): string {
  return spiffe.slice('spiffe://'.length);
}

function targetOperations(
  target: GrantTarget,
  workloads: readonly Workload[],
  claims: ReadonlyMap<string, HeaderKey>,
  { rule }: Grant,
  context: Context,
): readonly (Operation & { readonly http: boolean; readonly origins: readonly Origin[] })[] {
  if (target.transport === 'udp') return [];
  const { ports, others, without } = portsOf(target, workloads);
  if (without !== undefined) {
    context.report?.({
      feature: 'access-identity',
      kind: 'narrowed',
      text: `${rule} lets in nobody at ${others.join(', ')}: no labels tell pods that have such a port from ${without.id}`,
      origins: target.origins,
    });
  }
  if (ports.length === 0) return [];
  const { http } = target;
  if (http === 'any') return [{ operation: { ports }, when: [], http: false, origins: target.origins }];
  const origins = originsWithin(target);
  const found = operationsOf(http, ports, claims);
  if (!found.exact) {
    context.report?.({
      feature: 'access-http',
      kind: found.operations.length === 0 ? 'dropped' : 'narrowed',
      text: `${rule} lets in fewer requests than ${described(http)}: Istio has no expressions in policies, only beginnings and endings of texts and path templates`,
      origins: http.origins,
    });
  }
  return found.operations.map((operation) => ({ ...operation, http: true, origins }));
}

/**
 * Only ports that are declared: others are closed. HTTP is matched where it is spoken. A policy holds for all pods that its selector
 * reaches, so that `others`, which a pod is `without`, stay closed.
 */
function portsOf({ ports, http }: GrantTarget, workloads: readonly Workload[]) {
  const declares = (workload: Workload, number: number) =>
    workload.ports.some(({ port, protocol }) => port === number && protocol !== 'udp');
  const meant = workloads.flatMap((workload) =>
    workload.ports.filter(({ protocol }) => protocol === 'http' || (protocol === 'tcp' && http === 'any')),
  );
  const numbers = [...new Set(meant.map(({ port }) => port))]
    .filter((number) => ports === 'any' || ports.includes(number))
    .sort((a, b) => a - b);
  const others = numbers.filter((number) => !workloads.every((workload) => declares(workload, number)));
  const without = workloads.find((workload) => others.some((number) => !declares(workload, number)));
  return { ports: numbers.filter((number) => !others.includes(number)).map(String), others, without };
}

/** Plain callers are let in where a port takes them; where it does not speak TLS nobody is asked. */
function plainRules(workloads: readonly Workload[]): readonly Rule[] {
  const [permissive = [], off = []] = (['permissive', 'off'] as const).map((tls) =>
    portsWith({ workloads }, tls).map(String),
  );
  const origins = workloads.flatMap((workload) => workload.origins);
  const nobody = [{ source: { notPrincipals: ['*'] } }];
  return [
    ...(permissive.length === 0
      ? []
      : [{ rule: { from: nobody, to: [{ operation: { ports: permissive } }] }, origins }]),
    ...(off.length === 0 ? [] : [{ rule: { to: [{ operation: { ports: off } }] }, origins }]),
  ];
}

function described({ path, headers }: HttpMatch): string {
  const parts = [
    ...(path === 'any' ? [] : [path.kind === 'regex' ? path.re2 : path.value]),
    ...(headers === 'any' ? [] : headers.map(({ name, re2 }) => `${name}: ${re2}`)),
  ];
  return parts.length === 0 ? 'it names' : parts.join(' and ');
}
