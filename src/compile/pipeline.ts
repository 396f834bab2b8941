import { Graph } from '../lib/incremental/graph.ts';
import type { Stage } from '../lib/incremental/stage.ts';
import type {
  InboundPolicy,
  OutboundPolicy,
  Service,
  ServiceId,
  TelemetryModel,
  Workload,
  WorkloadId,
  WorkloadSetId,
} from '../model/types.ts';
import { Findings } from './findings.ts';
import { routeGateways } from './gateway/route-gateways.ts';
import { Input } from './input-sources.ts';
import { namesIn, namesOf } from './names.ts';
import { accountsOf, bindIdentities } from './passes/bind-identities.ts';
import { grantAccess } from './passes/grant-access.ts';
import { guardServers } from './passes/guard-servers.ts';
import { linkServices, reachingPorts } from './passes/link-services.ts';
import { facesOf, linkWorkloads } from './passes/link-workloads.ts';
import { rankSplits } from './passes/rank-splits.ts';
import { resolveMatches } from './passes/resolve-matches.ts';
import { routeOutbound } from './passes/route-outbound.ts';
import { runningPods } from './passes/running-pods.ts';
import { selectDestinations } from './passes/select-destinations.ts';
import { steerClients } from './passes/steer-clients.ts';
import { indexPolicies } from './policies/index-policies.ts';
import { podSelection } from './selection.ts';
import type { PassContext } from './state.ts';
import { telemetryOf } from './telemetry.ts';

/** Everything between the input and the parts of the model. */
export interface Pipeline {
  readonly graph: Graph;
  readonly findings: Findings;
  readonly input: Input;
  readonly services: Stage<ServiceId, Service>;
  readonly workloads: Stage<WorkloadId, Workload>;
  readonly outbound: Stage<ServiceId, OutboundPolicy>;
  readonly inbound: Stage<WorkloadSetId, InboundPolicy>;
  readonly telemetry: { get(): TelemetryModel };
}

/** Sets up the passes in order: each reads what earlier ones found. */
export function createPipeline(): Pipeline {
  const findings = new Findings();
  const graph = new Graph(findings);
  const input = new Input(graph);
  const context = passContext(graph, input, findings);
  const pods = runningPods(context);
  const select = podSelection(graph, pods);
  const services = linkServices(select, context);
  const reaching = reachingPorts(services, context);
  const linked = linkWorkloads(pods, { services, reaching }, context);
  const faces = facesOf(linked, context);
  const accounts = accountsOf(faces, context);
  const usedAccounts = namesIn(graph, accounts);
  const bindings = bindIdentities(select, faces, context);
  const subjects = { accounts, usedAccounts, bindings };
  const destinations = selectDestinations(faces, subjects, context);
  const matches = resolveMatches(context);
  const policies = indexPolicies({ services, matches }, context);
  const grants = grantAccess(destinations, { ...subjects, faces, matches, reaching }, context);
  const access = { sets: destinations.sets, grants };
  const { workloads, inbound } = guardServers(linked, faces, access, { policies, reaching }, context);
  const splits = rankSplits(context);
  const gateways = routeGateways(services, { splits }, context);
  const routed = routeOutbound(services, { services, matches, splits, gateways }, context);
  const outbound = steerClients(routed, { services, policies }, context);
  const telemetry = telemetryOf(splits, { services, workloads: linked }, context);
  return { graph, findings, input, services, workloads, outbound, inbound, telemetry };
}

function passContext(graph: Graph, { sources }: Input, findings: Findings): PassContext {
  const { settings, domains, meshNamespaces, sidecars, pathRegexModes } = sources;
  const setting = (name: never) => settings.get(name);
  const context: PassContext = {
    graph,
    options: {
      get trustDomain() {
        return domains.get('trustDomain') ?? '';
      },
      get clusterDomain() {
        return domains.get('clusterDomain') ?? '';
      },
      get meshNamespaces() {
        return meshNamespaces.get('all') ?? [];
      },
      get sidecars() {
        return sidecars.get('all');
      },
    },
    input: sources,
    names: namesOf(graph, sources),
    report: (finding) => findings.report(finding),
    setting: setting as PassContext['setting'],
    pathRegexMode: (namespace) => pathRegexModes.get(namespace) ?? context.setting('pathRegexMode'),
  };
  return context;
}
