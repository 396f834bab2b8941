import type { Simulated, Surroundings } from '../../adapter/contract.ts';
import { featureUses } from '../../adapter/losses.ts';
import { requestClasses } from '../../analysis/classes.ts';
import { requestOf } from '../../analysis/traffic.ts';
import { canonicalJson } from '../../model/canonical.ts';
import { decide } from '../../model/decide.ts';
import type { Decision, TrafficRequest } from '../../model/decision.ts';
import type { MeshModel, Service, ServicePort, Workload } from '../../model/types.ts';
import { type ContractCase, contractCase, type Subject } from '../case.ts';
import { observe } from '../emission.ts';
import type { NamedModel } from '../models.ts';

/** Problems of one model that are told; the rest is counted. */
const told = 5;

/**
 * Nothing that the mesh refuses gets through the target: a request of every class that some rule tells apart, from every
 * client to every service, is asked of `decide()` and of the adapter's own `simulate`. Where the table calls everything exact
 * that a model uses and nothing is lost, the two agree in all.
 */
export function accessCase(
  { adapter, options }: Subject,
  { name, model }: NamedModel,
  refused: string | undefined,
): ContractCase {
  const { simulate } = adapter;
  const skipped = simulate === undefined ? 'the adapter has no simulate: not provable' : refused;
  return contractCase(
    `access: ${name}`,
    () => {
      const { artifacts, losses, refusals } = observe(adapter, model, options);
      if (simulate === undefined || refusals.length > 0) return [];
      const { trustDomain, services, workloads } = model;
      const surroundings: Surroundings = { trustDomain, services, workloads };
      const ask = simulate(artifacts, surroundings);
      const exact =
        losses.length === 0 && featureUses(model).every(({ feature }) => adapter.support[feature]?.level === 'exact');
      const problems = requestsOf(model).flatMap((request) =>
        judge(request, decide(model, request), ask(request), exact),
      );
      const more = problems.length - told;
      return more <= 0 ? problems : [...problems.slice(0, told), `and ${more} more`];
    },
    skipped,
  );
}

/** One request of every class, from every workload, to every port of every service. */
function requestsOf(model: MeshModel): readonly TrafficRequest[] {
  return Object.values(model.workloads).flatMap((client) =>
    Object.values(model.services).flatMap((service) =>
      service.ports.flatMap((port) => requestsTo(model, client, service, port)),
    ),
  );
}

function requestsTo(
  model: MeshModel,
  client: Workload,
  service: Service,
  { port, protocol }: ServicePort,
): readonly TrafficRequest[] {
  const ref = { service: service.id, port, ...(protocol === 'udp' ? { udp: true as const } : {}) };
  const { shapes } = requestClasses([{ model, client }], ref);
  return shapes.map((shape) => requestOf(shape, client.id, service.hosts[0], port));
}

function judge(request: TrafficRequest, meant: Decision, seen: Simulated, exact: boolean): readonly string[] {
  const said = `${canonicalJson(request)}:`;
  if (widens(meant, seen)) return [`${said} the mesh refuses it, the target lets it in`];
  if (!exact || agree(meant, seen)) return [];
  return [
    `${said} everything is called exact, but the target does ${canonicalJson(seen)} and the mesh ${canonicalJson(shortOf(meant))}`,
  ];
}

/** `open` is no claim: somebody else is to keep callers out. */
function widens(meant: Decision, seen: Simulated): boolean {
  if (seen.outcome !== 'routed') return false;
  if (meant.outcome !== 'routed') return seen.targets.some(({ verdict, weight }) => verdict === 'allow' && weight > 0);
  return seen.targets.some(({ service, port, verdict, weight }) => {
    const own = meant.targets.find((target) => target.service === service && target.port === port);
    return weight > 0 && verdict === 'allow' && own?.verdict !== 'allow' && own?.verdict !== 'unavailable';
  });
}

function agree(meant: Decision, seen: Simulated): boolean {
  if (seen.outcome !== meant.outcome) return false;
  if (seen.outcome === 'rejected') return seen.status === meant.status;
  if (seen.outcome === 'outside') return true;
  const text = (targets: Decision['targets'] | typeof seen.targets) =>
    targets
      .filter(({ weight }) => weight > 0)
      .map(({ service, port, weight, total, verdict }) => `${service}:${port} ${weight / total} ${verdict}`)
      .sort()
      .join();
  return text(meant.targets) === text(seen.targets);
}

function shortOf({ outcome, status, targets }: Decision): unknown {
  return {
    outcome,
    status,
    targets: targets.map(({ service, port, weight, total, verdict }) => ({ service, port, weight, total, verdict })),
  };
}
