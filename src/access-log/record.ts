import type { CallerAccess, TrafficContext } from '../lib/traffic-context.ts';
import { namespaceOf as namespaceOfIdentity, type Verdict } from '../telemetry/labels.ts';
import type { Party, RecordHeaders, RequestRecord } from '../telemetry/record.ts';
import type { ServingPod } from '../telemetry/requests.ts';
import { flags, type LogEntry } from './entry.ts';
import { ruleFor } from './inbound.ts';
import { hostOf, type OutboundWay } from './outbound.ts';
import { codeOf, ruleOf } from './verdict.ts';

interface Ended {
  readonly verdict: Verdict;
  /** Outbound only. */
  readonly way: OutboundWay | undefined;
  readonly pod: ServingPod | undefined;
  /** Inbound: what the port says of the caller. */
  readonly rules: CallerAccess['rules'];
}

const nobody: Party = { workload: '', namespace: '', service: '', identity: '', address: '' };

/** A request as whoever taps sees it. */
export function requestRecord(
  entry: LogEntry,
  context: TrafficContext,
  ended: Ended & { readonly headers: boolean },
): RequestRecord {
  const { requestHeaders, responseHeaders, trailers } = entry;
  const grpc = requestHeaders['content-type']?.startsWith('application/grpc') === true;
  const grpcStatus = trailers['grpc-status'] ?? responseHeaders['grpc-status'];
  const fault = entry.flags.has(flags.faultInjected) ? 'abort' : entry.flags.has(flags.delayInjected) ? 'delay' : '';
  return {
    ...common(entry, context, ended),
    protocol: grpc ? 'grpc' : entry.version === 3 ? 'http2' : 'http1',
    method: entry.method,
    ...meant(entry),
    code: codeOf(entry),
    ...(grpc && grpcStatus !== undefined ? { grpcStatus: Number(grpcStatus) } : {}),
    ...(entry.sentMillis < 0 ? {} : { sentMillis: entry.sentMillis }),
    ...(entry.answeredMillis < 0 ? {} : { answeredMillis: entry.answeredMillis }),
    requestBytes: entry.requestBytes,
    responseBytes: entry.responseBytes,
    retries: Math.max(0, entry.attempts - 1),
    ...(fault === '' ? {} : { fault }),
    traceId: /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(requestHeaders['traceparent'] ?? '')?.[1] ?? '',
    reason: entry.details === 'via_upstream' ? '' : entry.details,
    ...(ended.headers ? { requestHeaders: listOf(requestHeaders), responseHeaders: listOf(responseHeaders) } : {}),
  };
}

/** Routes of requests that can be read in two ways: there is no normal form to tell. */
const unreadable: ReadonlySet<string> = new Set([
  'path-without-normal-form',
  'path-with-dot-parameter',
  'repeated-host',
]);

function meant({ route, details, authority, path }: LogEntry): Pick<RequestRecord, 'authority' | 'path'> {
  if (unreadable.has(route) || details === 'path_normalization_failed') return { authority: '', path: '' };
  return { authority: authority.toLowerCase(), path: path.split('?', 1)[0]! };
}

/** A connection as whoever taps sees it, when it is over. */
export function connectionRecord(entry: LogEntry, context: TrafficContext, ended: Ended): RequestRecord {
  return {
    ...common(entry, context, ended),
    protocol: 'tcp',
    method: '',
    authority: '',
    path: '',
    code: 0,
    requestBytes: entry.receivedBytes,
    responseBytes: entry.sentBytes,
    retries: Math.max(0, entry.attempts - 1),
    traceId: '',
    reason: entry.handshake || entry.termination,
  };
}

function common(entry: LogEntry, context: TrafficContext, ended: Ended) {
  const { verdict, way, pod } = ended;
  const { workload, direction } = context;
  const own = { ...nobody, workload, namespace: namespaceOf(workload) };
  const parties =
    way === undefined
      ? { source: clientOf(entry), destination: own }
      : { source: own, destination: serverOf(entry, way, pod) };
  return {
    time: entry.startedAt,
    reporter: workload,
    dataPlane: 'envoy' as const,
    direction,
    ...parties,
    verdict,
    ...(way === undefined ? deciding(entry, context, ended) : { rule: '' }),
    split: way?.split ?? '',
    backend: way?.backend ?? '',
    millis: entry.millis,
  };
}

/** The rule that let it in; of what is denied or would be, the one that came nearest. */
function deciding(
  entry: LogEntry,
  context: TrafficContext,
  { verdict, rules }: Ended,
): Pick<RequestRecord, 'rule' | 'origin'> {
  const nearest = verdict === 'denied' || verdict === 'audited';
  const named =
    entry.kind === 'tcp' ? ruleFor(context, entry.peer)?.rule : ruleOf(entry, context.access?.mode ?? 'deny');
  const found = nearest ? rules[0] : rules.find(({ rule }) => rule === named);
  if (found === undefined) return { rule: nearest ? '' : (named ?? '') };
  return { rule: found.rule, origin: { object: found.object, path: found.path } };
}

function clientOf({ peer, client }: LogEntry): Party {
  return { ...nobody, namespace: namespaceOfIdentity(peer), identity: peer, address: hostOf(client) };
}

function serverOf({ server }: LogEntry, { destination }: OutboundWay, pod: ServingPod | undefined): Party {
  const { workload = '', identity = '' } = pod ?? {};
  return { workload, namespace: namespaceOf(workload || destination), service: destination, identity, address: server };
}

function namespaceOf(id: string): string {
  return id.includes('/') ? id.slice(0, id.indexOf('/')) : '';
}

function listOf(headers: Readonly<Record<string, string>>): RecordHeaders {
  return Object.entries(headers);
}
