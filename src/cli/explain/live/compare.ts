import type { Explanation } from '../../../explain/explanation.ts';
import { nonEmpty } from '../../../lib/collections.ts';
import { portKey } from '../../../model/ports.ts';
import type {
  InboundPolicy,
  MeshModel,
  OutboundRule,
  PortPolicy,
  ServiceId,
  WorkloadId,
} from '../../../model/types.ts';
import { policyLines, ruleLines } from './describe.ts';
import { policyOf, rulesOf } from './from-messages.ts';
import type { ProxyConfiguration } from './proxies.ts';

/** What one proxy that takes part in a request has, beside what the manifests mean. */
export interface ProxyComparison {
  readonly workload: WorkloadId;
  readonly side: 'client' | 'server';
  /** `OutboundService default/shop:80`. */
  readonly resource: string;
  /** `absent`: the proxy has no such resource; `unknown`: no configuration of this proxy is there. */
  readonly state: 'same' | 'different' | 'absent' | 'unknown';
  /** Lines that only one of the two has. */
  readonly manifests: readonly string[];
  readonly proxy: readonly string[];
}

export interface LiveComparison {
  readonly comparisons: readonly ProxyComparison[];
  /** The mesh as the proxies have it; where no proxy is known, as the manifests mean it. */
  readonly model: MeshModel;
}

/** Compares the rules and policies that decide about a request with those of the proxies that take part in it. */
export function compareLive(
  model: MeshModel,
  explanation: Explanation,
  proxies: readonly ProxyConfiguration[],
): LiveComparison {
  const byNode = new Map(proxies.map((proxy) => [proxy.node, proxy]));
  const client = clientSide(model, explanation, byNode);
  const servers = new Set(explanation.backends.flatMap((backend) => backend.servers.flatMap((each) => each.workloads)));
  const sides = [...servers].map((server) => serverSide(model, server, byNode));
  const inbound = { ...model.inbound };
  for (const { policy } of sides) if (policy !== undefined) inbound[policy.set] = policy;
  const outbound = client?.rules === undefined ? model.outbound : withRules(model, explanation, client.rules);
  return {
    comparisons: [...(client === undefined ? [] : [client.comparison]), ...sides.map(({ comparison }) => comparison)],
    model: { ...model, outbound, inbound },
  };
}

type Proxies = ReadonlyMap<string, ProxyConfiguration>;

interface ClientSide {
  readonly comparison: ProxyComparison;
  readonly rules?: readonly OutboundRule[];
}

/** Nothing where no outbound rule is asked. */
function clientSide(model: MeshModel, explanation: Explanation, proxies: Proxies): ClientSide | undefined {
  const { client, to, route } = explanation;
  const { service } = to;
  const port = keyOf(explanation);
  if (route === undefined || service === undefined) return undefined;
  const name = `${service}:${port}`;
  const about = { workload: client.workload, side: 'client', resource: `OutboundService ${name}` } as const;
  const proxy = proxies.get(client.workload);
  if (proxy === undefined) return { comparison: { ...about, ...unsaid('unknown') } };
  const message = proxy.resources.get('OutboundService', name);
  if (message === undefined) return { comparison: { ...about, ...unsaid('absent') } };
  const rules = rulesOf(message);
  const meant = model.outbound[service]?.ports[port]?.rules ?? [];
  return { comparison: { ...about, ...compared(ruleLines(meant, name), ruleLines(rules, name)) }, rules };
}

/** Of the port that is asked. */
function keyOf({ request, to }: Explanation): string {
  return portKey(to.port, request.kind === 'udp' ? 'udp' : 'tcp');
}

interface ServerSide {
  readonly comparison: ProxyComparison;
  readonly policy?: InboundPolicy;
}

function serverSide(model: MeshModel, workload: WorkloadId, proxies: Proxies): ServerSide {
  const set = model.workloads[workload]?.set;
  const about = { workload, side: 'server', resource: `InboundPolicy ${set}` } as const;
  const proxy = proxies.get(workload);
  if (proxy === undefined || set === undefined) return { comparison: { ...about, ...unsaid('unknown') } };
  const name = proxy.resources.get('Workload', workload)?.inboundPolicy ?? set;
  const message = proxy.resources.get('InboundPolicy', name);
  if (message === undefined) return { comparison: { ...about, ...unsaid('absent') } };
  const meant = model.inbound[set];
  const policy = { ...policyOf(message, meant), set };
  return {
    comparison: { ...about, ...compared(meant === undefined ? [] : policyLines(meant), policyLines(policy)) },
    policy,
  };
}

function unsaid(state: 'absent' | 'unknown'): Pick<ProxyComparison, 'state' | 'manifests' | 'proxy'> {
  return { state, manifests: [], proxy: [] };
}

/** The order of rules is part of their meaning; when only it differs, all lines are shown. */
function compared(
  manifests: readonly string[],
  proxy: readonly string[],
): Pick<ProxyComparison, 'state' | 'manifests' | 'proxy'> {
  if (manifests.join('\n') === proxy.join('\n')) return { state: 'same', manifests: [], proxy: [] };
  const [missing, added] = [without(manifests, proxy), without(proxy, manifests)];
  const reordered = missing.length + added.length === 0;
  return { state: 'different', manifests: reordered ? manifests : missing, proxy: reordered ? proxy : added };
}

function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  return lines.filter((line) => !others.includes(line));
}

/** The outbound policies with other rules for the service port of the request. */
function withRules(model: MeshModel, explanation: Explanation, rules: readonly OutboundRule[]): MeshModel['outbound'] {
  const service = explanation.to.service as ServiceId;
  const key = keyOf(explanation);
  const policy = model.outbound[service];
  const port = policy?.ports[key];
  const some = nonEmpty(rules);
  if (policy === undefined || port === undefined || some === undefined) return model.outbound;
  const changed: PortPolicy = { ...port, rules: some };
  return { ...model.outbound, [service]: { ...policy, ports: { ...policy.ports, [key]: changed } } };
}
