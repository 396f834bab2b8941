import { ok, type Result } from '../lib/result.ts';
import { decide } from '../model/decide.ts';
import type { Decision } from '../model/decision.ts';
import type { MeshModel, Workload } from '../model/types.ts';
import { explainBackend, explainPods, type Sent } from './backends.ts';
import { findClient } from './client.ts';
import { findDestination, type PodsDestination, type ServiceDestination } from './destination.ts';
import type { Backend, Explanation, Question } from './explanation.ts';
import { policiesInForce } from './policies.ts';
import { matched, requestOf } from './request.ts';
import { explainRoute } from './route.ts';
import { verdictOf } from './verdict.ts';

/** Where a request goes, who lets it in and why. The error is a sentence about a name that nothing has. */
export function explain(model: MeshModel, question: Question): Result<Explanation, string> {
  const found = findClient(model, question.from);
  if (!found.ok) return found;
  const { workload: client, model: mesh, notes } = found.value;
  const destination = findDestination(mesh, client, question.to, question.udp);
  if (!destination.ok) return destination;
  const to = destination.value;
  const host = to.kind === 'service' ? to.host : '';
  const sent: Sent = { model: mesh, client, request: requestOf(question, to.protocol), host };
  const answer = to.kind === 'service' && to.protocol !== 'udp' ? askService(sent, to) : askPods(sent, to);
  return ok({
    ...answer,
    request: sent.request,
    client: describeClient(client),
    policies: policiesInForce(sent, answer.backends),
    notes: [...notes, ...to.notes],
  });
}

type Answer = Pick<Explanation, 'verdict' | 'to' | 'rejection' | 'route' | 'backends'>;

function askService(sent: Sent, { host, port, service }: ServiceDestination): Answer {
  const { model, client, request } = sent;
  const common = { from: client.id, to: { host, port } };
  const decision = decide(model, request.kind === 'http' ? { ...request, ...common } : { kind: 'tcp', ...common });
  const route = explainRoute(model, decision, port, matched(request, host));
  const meant = decision.service ?? service;
  return {
    verdict: verdictOf(decision),
    to: { name: meant, service: meant, port, host },
    ...rejectionOf(decision),
    ...(route === undefined ? {} : { route }),
    backends: decision.targets.map((target) => explainBackend(sent, target)),
  };
}

/** Pods by their own names, and those behind a UDP port: neither passes a split. */
function askPods(sent: Sent, to: PodsDestination | ServiceDestination): Answer {
  const { client } = sent;
  const named =
    to.kind === 'pods'
      ? { name: to.name, port: to.port }
      : { name: to.service, service: to.service, port: to.port, host: to.host };
  if (client.transport === 'plain') {
    const rejection = { answer: 'the connection is closed', text: `${client.id} has no sidecar` };
    return { verdict: 'rejected', to: named, rejection, backends: [] };
  }
  const backends = to.kind === 'pods' ? [explainPods(sent, to.servers, to.port)] : udpBackends(sent, to);
  const targets = backends.map(({ weight, verdict }) => ({ weight, verdict }));
  return { verdict: verdictOf({ outcome: 'routed', targets }), to: named, backends };
}

/** One for each container port that the service port reaches. */
function udpBackends(sent: Sent, { service, port }: ServiceDestination): readonly Backend[] {
  const targets = sent.model.services[service]?.ports.find((each) => each.port === port)?.targets ?? [];
  const groups = Map.groupBy(targets, (target) => target.port);
  if (groups.size === 0) return [{ ...explainPods(sent, [], port), service }];
  return [...groups].map(([container, members]) => {
    const servers = members.flatMap(({ workload }) => sent.model.workloads[workload] ?? []);
    return { ...explainPods(sent, servers, container), service };
  });
}

function rejectionOf({ outcome, status, because }: Decision): Pick<Explanation, 'rejection'> {
  if (outcome !== 'rejected') return {};
  const reason = { text: because?.text ?? 'no reason', ...(because?.code && { code: because.code }) };
  if (status === 0 || status === undefined) return { rejection: { answer: 'the connection is closed', ...reason } };
  return { rejection: { answer: `the client's proxy answers ${status}`, status, ...reason } };
}

function describeClient({ id, namespace, serviceAccount, identity, owners }: Workload): Explanation['client'] {
  return { workload: id, account: `${namespace}/${serviceAccount}`, identity, owners };
}
