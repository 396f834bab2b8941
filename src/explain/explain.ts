import { ok, type Result } from '../lib/result.ts';
import { decide } from '../model/decide.ts';
import type { Decision } from '../model/decision.ts';
import { portKey, transportOf } from '../model/ports.ts';
import type { MeshModel, Workload } from '../model/types.ts';
import { explainBackend, explainPods, type Sent } from './backends.ts';
import { findClient } from './client.ts';
import { findDestination, type PodsDestination, type ServiceDestination } from './destination.ts';
import type { Explanation, Question } from './explanation.ts';
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
  const { fields = [], ...answer } = to.kind === 'service' ? askService(sent, to) : askPods(sent, to);
  return ok({
    ...answer,
    request: sent.request,
    client: describeClient(client),
    policies: policiesInForce(sent, answer.backends, fields),
    notes: [...notes, ...to.notes],
  });
}

type Answer = Pick<Explanation, 'verdict' | 'to' | 'rejection' | 'outside' | 'route' | 'backends'> & {
  readonly fields?: Decision['policies'];
};

function askService(sent: Sent, { host, port, protocol, service }: ServiceDestination): Answer {
  const { model, client, request } = sent;
  const common = { from: client.id, to: { host, port } };
  const decision = decide(model, { ...request, ...common });
  const key = portKey(port, transportOf(protocol));
  const route = explainRoute(model, decision, key, matched(request, host));
  const meant = decision.service ?? service;
  return {
    verdict: verdictOf(decision),
    to: { name: meant, service: meant, port, host },
    ...rejectionOf(decision, request.kind),
    ...(decision.outcome === 'outside' ? { outside: true } : {}),
    ...(route === undefined ? {} : { route }),
    backends: decision.targets.map((target) => explainBackend(sent, target)),
    ...(decision.policies === undefined ? {} : { fields: decision.policies }),
  };
}

/** Pods by their own names: no split is passed. */
function askPods(sent: Sent, { name, port, servers }: PodsDestination): Answer {
  const { client } = sent;
  const to = { name, port };
  if (client.transport === 'plain') {
    const rejection = { answer: 'the connection is closed', text: `${client.id} has no sidecar` };
    return { verdict: 'rejected', to, rejection, backends: [] };
  }
  const backends = [explainPods(sent, servers, port)];
  const targets = backends.map(({ weight, verdict }) => ({ weight, verdict }));
  return { verdict: verdictOf({ outcome: 'routed', targets }), to, backends };
}

function rejectionOf(
  { outcome, status, because }: Decision,
  kind: Explanation['request']['kind'],
): Pick<Explanation, 'rejection'> {
  if (outcome !== 'rejected') return {};
  const reason = { text: because?.text ?? 'no reason', ...(because?.code && { code: because.code }) };
  if (status === 0 || status === undefined) {
    const answer = kind === 'udp' ? 'the datagrams are dropped' : 'the connection is closed';
    return { rejection: { answer, ...reason } };
  }
  return { rejection: { answer: `the client's proxy answers ${status}`, status, ...reason } };
}

function describeClient({ id, namespace, serviceAccount, identity, owners }: Workload): Explanation['client'] {
  return { workload: id, account: `${namespace}/${serviceAccount}`, identity, owners };
}
