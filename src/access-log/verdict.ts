import type { TrafficContext } from '../lib/traffic-context.ts';
import type { Verdict } from '../telemetry/labels.ts';
import { flags, type LogEntry } from './entry.ts';

/** There was a server to ask, and no proper answer of it. */
const failures: readonly number[] = [
  flags.noHealthyUpstream,
  flags.upstreamRequestTimeout,
  flags.localReset,
  flags.upstreamRemoteReset,
  flags.upstreamConnectionFailure,
  flags.upstreamConnectionTermination,
  flags.upstreamOverflow,
  flags.downstreamConnectionTermination,
  flags.streamIdleTimeout,
  flags.upstreamMaxStreamDuration,
  flags.durationTimeout,
  flags.upstreamProtocolError,
  flags.noClusterFound,
  flags.overloadManager,
  flags.dnsFailure,
  flags.downstreamRemoteReset,
];

const clientLeft: readonly number[] = [flags.downstreamConnectionTermination, flags.downstreamRemoteReset];
const tooLate: readonly number[] = [flags.upstreamMaxStreamDuration, flags.durationTimeout];
/** Of some ends there is no flag. */
const tooLateDetails: ReadonlySet<string> = new Set(['max_duration_timeout', 'response_timeout']);

/** Protocols. */
export const switching = 101;
const clientClosed = 499;

/** The route of requests whose caller has no time left. */
const overdueRoute = 'overdue';

const nothing: Readonly<Record<string, string>> = {};

/** How a request ended, in the words of our own proxy. */
export function requestVerdict(entry: LogEntry, { direction, access }: TrafficContext): Verdict {
  if (isDenied(entry)) return 'denied';
  if (entry.details === 'request_rate_limited' || entry.details === 'local_rate_limited') return 'limited';
  if (direction === 'outbound') return outboundVerdict(entry);
  const { mode = 'deny', callers = 'identified' } = access ?? {};
  const answered = entry.details === 'direct_response' && entry.route !== overdueRoute;
  if (callers === 'plain') return answered ? 'rejected' : 'unauthenticated';
  if (mode === 'allow') return answered ? 'rejected' : 'allowed';
  const { shadow_engine_result: shadow, enforced_engine_result: enforced } = entry.access ?? nothing;
  if (shadow === undefined && enforced === undefined) return 'rejected';
  return mode === 'audit' && shadow === 'denied' ? 'audited' : 'allowed';
}

function outboundVerdict(entry: LogEntry): Verdict {
  if (entry.code === switching) return 'forwarded';
  if (wasTooLate(entry) || failures.some((flag) => entry.flags.has(flag))) return 'failed';
  return entry.details === 'via_upstream' ? 'forwarded' : 'rejected';
}

export function isDenied({ details }: LogEntry): boolean {
  return details.startsWith('rbac_') || details.startsWith('jwt_authn_');
}

/** The status that the client got, or would have got if it had waited; 0 when it got none. */
export function codeOf({ code, flags: set }: LogEntry): number {
  return code === 0 && clientLeft.some((flag) => set.has(flag)) ? clientClosed : code;
}

/** Cut off at its deadline. */
export function wasTooLate({ flags: set, route, details }: LogEntry): boolean {
  return route === overdueRoute || tooLateDetails.has(details) || tooLate.some((flag) => set.has(flag));
}

/** The rule that let a request in; the number by which Envoy tells rules of one name apart is left out. */
export function ruleOf({ access = nothing }: LogEntry, mode: 'deny' | 'audit' | 'allow'): string {
  const id = mode === 'audit' ? access['shadow_effective_policy_id'] : access['enforced_effective_policy_id'];
  return (id ?? '').replace(/#\d+$/, '');
}

/** Whether a connection of this peer is let in at a port for connections. */
export function connectionVerdict({ access }: TrafficContext, peer: string, rule: string): Verdict {
  if (access?.callers === 'plain' || peer === '') return 'unauthenticated';
  if (rule !== '' || access?.mode === 'allow') return 'allowed';
  return access?.mode === 'audit' ? 'audited' : 'denied';
}
