import { expect } from 'vitest';
import type { Change } from '../../src/analysis/changes.ts';
import { pairClients } from '../../src/analysis/clients.ts';
import { decide } from '../../src/model/decide.ts';
import type { Decision, TrafficRequest } from '../../src/model/decision.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';

/** What properties of `diff` mean by a change, said without the code under test. */

/** What the property means by a flip, said without the code under test. */
function letIn({ outcome, targets }: Decision): string {
  const taking = targets.filter(({ weight }) => weight > 0);
  if (outcome === 'rejected' || taking.every(({ verdict }) => verdict === 'deny' || verdict === 'unavailable'))
    return 'no';
  return taking.every(({ verdict }) => verdict === 'allow') ? 'yes' : 'partly';
}

function sharesOf({ targets }: Decision): string {
  const taking = targets.filter(({ weight }) => weight > 0);
  return taking
    .map(({ service: id, weight, total }) => `${id} ${(weight / total).toFixed(6)}`)
    .sort()
    .join();
}

export interface Compared {
  readonly before: MeshModel;
  readonly after: MeshModel;
  readonly changes: readonly Change[];
}

/** That the request of every change of traffic is decided as it says. */
export function expectShown({ before, after, changes }: Compared): void {
  const paired = pairClients(before, after);
  for (const change of changes) {
    if (change.kind !== 'traffic' || change.service.endsWith('(pods)')) continue;
    const { example } = change;
    const [then, now] = [decide(paired.before, example.before.request), decide(paired.after, example.after.request)];
    expect(then).toEqual(example.before.decision);
    expect(now).toEqual(example.after.decision);
    expect(then).not.toEqual(now);
  }
}

function clientName(id: WorkloadId, { before, after }: Compared): string {
  const [was, is] = [before, after].map(({ workloads }) => `default/${workloads[id]?.serviceAccount}`);
  return was === is ? `${is}` : `${id} (${was}, now ${is})`;
}

/** Whether a request is let in otherwise, or goes elsewhere, than before; then some change must say so. */
export function expectReported(request: TrafficRequest, compared: Compared): boolean {
  const { before, after, changes } = compared;
  if (before.workloads[request.from] === undefined || after.workloads[request.from] === undefined) return false;
  const [then, now] = [decide(before, request), decide(after, request)];
  const service = now.service ?? then.service;
  const about = changes.filter(
    (change) =>
      change.kind === 'traffic' &&
      change.service === service &&
      change.port === request.to.port &&
      change.clients.includes(clientName(request.from, compared)),
  );
  const says = (say: (decision: Decision) => string): boolean =>
    say(then) === say(now) ||
    about.some(
      (change) =>
        change.kind === 'traffic' &&
        say(change.example.before.decision) === say(then) &&
        say(change.example.after.decision) === say(now),
    );
  if (!says(letIn) || !says(sharesOf)) {
    const sayings = [letIn(then), letIn(now), sharesOf(then), sharesOf(now)].join(' | ');
    expect.fail(`not reported: ${JSON.stringify(request)} ${sayings}`);
  }
  return letIn(then) !== letIn(now) || sharesOf(then) !== sharesOf(now);
}
