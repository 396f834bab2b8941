import { describeObject, type Locate, type Origin } from '../../diagnostics/origin.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import type { AccessVerdict, Decision, DecisionTarget, TrafficRequest } from '../../model/decision.ts';
import type { Workload } from '../../model/types.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export interface Explanation {
  readonly client: Workload;
  readonly request: TrafficRequest;
  readonly decision: Decision;
  readonly locate: Locate;
  readonly style: TextStyle;
}

/** The verdict, then why: the rule that routes, each backend with its share and verdict, and the place of every rule. */
export function explainText(explanation: Explanation): readonly string[] {
  const { client, decision, request, style } = explanation;
  const verdict = verdictOf(decision);
  const headline = `${style.bold(painted(verdict, style))}: ${describeRequest(request)} from ${client.id} to ${destination(explanation)}`;
  return [
    headline,
    ...rejection(decision),
    ...routing(explanation),
    ...decision.targets.flatMap((one) => backend(one, explanation)),
  ];
}

function painted(verdict: Verdict, style: TextStyle): string {
  if (verdict === 'allowed') return style.green(verdict);
  return verdict === 'partly allowed' ? style.yellow(verdict) : style.red(verdict);
}

function describeRequest(request: TrafficRequest): string {
  return request.kind === 'tcp' ? 'a connection' : `${request.method} ${request.path}`;
}

function destination({ decision, request }: Explanation): string {
  const named = `${request.to.host}:${request.to.port}`;
  return decision.service === undefined ? named : `${decision.service}:${request.to.port}`;
}

function rejection({ outcome, status, because }: Decision): readonly string[] {
  if (outcome !== 'rejected') return [];
  const answer =
    status === 0 || status === undefined ? 'the connection is closed' : `the client's proxy answers ${status}`;
  const code = because?.code === undefined ? '' : ` (${because.code})`;
  return [`  ${answer}: ${because?.text ?? 'no reason'}${code}`];
}

function routing(explanation: Explanation): readonly string[] {
  const { decision } = explanation;
  if (decision.rule === undefined) return [];
  if (decision.rule.origins.length === 0)
    return ["  routed to the service's own endpoints: no split governs this request"];
  const match = decision.rule.match === 'any' ? [] : decision.rule.match.origins;
  return ['  routed by', ...places([...decision.rule.origins, ...match], explanation, 4)];
}

function backend(target: DecisionTarget, explanation: Explanation): readonly string[] {
  const { style } = explanation;
  const share = `${percent(target.weight, target.total)} %`.padStart(7);
  const lines = [`${share}  ${target.service}:${target.port}  ${style.bold(target.verdict)}`];
  if (target.origins.length > 0) lines.push('           share from', ...places(target.origins, explanation, 13));
  if (target.verdict === 'unavailable') lines.push('           no workload of it is ready: 503');
  for (const { set, workloads, access } of target.sets) {
    const pods = workloads.length === 1 ? workloads[0] : `${workloads.length} pods`;
    lines.push(`           ${pods} as ${set}: ${describeAccess(access, explanation.request)}`);
    for (const grant of access.grants) {
      lines.push(`             by TrafficTarget ${grant.rule}`, ...places(grant.origins, explanation, 15));
    }
    if (access.nearest !== undefined) {
      const { rule, missing, origins } = access.nearest;
      lines.push(
        `             nearest: TrafficTarget ${rule}, but ${missingText[missing]}`,
        ...places(origins, explanation, 15),
      );
    }
  }
  return lines;
}

function describeAccess({ verdict, status, unmatched, nearest }: AccessVerdict, request: TrafficRequest): string {
  if (verdict === 'reject') return `rejected with ${status}`;
  if (verdict === 'allow') return unmatched ? 'allowed although no TrafficTarget covers it' : 'allowed';
  const answer = request.kind === 'http' ? 'denied with 403' : 'denied, the connection is closed';
  return nearest === undefined ? `${answer}: no TrafficTarget has it as destination` : answer;
}

const missingText = {
  source: 'the client is not among its sources',
  port: 'not this port',
  method: 'not this method',
  path: 'not this path',
  header: 'not these headers',
} as const;

function places(origins: readonly Origin[], { locate, style }: Explanation, indent: number): readonly string[] {
  return origins.map((origin) => {
    const found = locate(origin);
    const place = found === undefined ? '' : `${found.file}:${found.line}:${found.column}  `;
    return `${' '.repeat(indent)}${style.blue(place)}${describeObject(origin.object)} ${style.dim(origin.path)}`.trimEnd();
  });
}

/** Two digits after the point where they say something. */
function percent(weight: number, total: number): string {
  return String(Math.round((weight / total) * 10_000) / 100);
}
