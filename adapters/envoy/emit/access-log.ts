import type { InboundPolicy, Workload, WorkloadPort } from '../../../src/model/types.ts';
import type { EnvoyOptions } from '../options.ts';
import { interceptionOf } from './interception/redirection.ts';
import { any, type Message } from './message.ts';
import { cel, peerIdentity, type SaidOfPeers, saidOfPeer } from './peer-metadata.ts';
import { failureKey } from './tokens.ts';

/** Who meets a port: peers that prove an identity, or plain callers. */
export type Callers = 'identified' | 'plain';

const http = 'envoy.filters.http.rbac';
const network = 'envoy.filters.network.rbac';

/**
 * Access logs of an inbound HTTP port: JSON lines in the words of our own proxy's log, of all requests or of those that access
 * control refuses, or would refuse under audit.
 */
export function inboundLogs(
  options: EnvoyOptions,
  server: Workload,
  port: number,
  policy: InboundPolicy | undefined,
  callers: Callers,
): readonly Message[] {
  const fields = {
    ...common,
    ...ends(server, port),
    ...request,
    verdict: cel(verdict(policy?.mode ?? 'deny', callers)),
    ...(callers === 'plain' ? {} : rules(http, policy, saidOfPeer(nearestKey))),
    details: '%RESPONSE_CODE_DETAILS%',
    trace: '%TRACE_ID%',
  };
  return [log(options, fields, [...refusedBy(http), refusedToken])];
}

/** What a client's sidecar logs of its program's requests; where it refuses none itself, nothing but all of them. */
export function outboundLogs(options: EnvoyOptions, client: Workload, refuses: boolean): readonly Message[] {
  if (options.accessLog?.requests !== 'all' && !refuses) return [];
  const fields = {
    ...{ ...common, direction: 'outbound' },
    ...request,
    source: client.id,
    route: '%ROUTE_NAME%',
    backend: '%UPSTREAM_CLUSTER%',
    endpoint: '%UPSTREAM_HOST%',
    tries: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
    details: '%RESPONSE_CODE_DETAILS%',
    trace: '%TRACE_ID%',
  };
  return [log(options, fields, refusedBy(http))];
}

/** As `inboundLogs`, of the connections to an inbound TCP port, those included whose peer the handshake refuses. */
export function connectionLogs(
  options: EnvoyOptions,
  server: Workload,
  port: number,
  policy: InboundPolicy | undefined,
): readonly Message[] {
  const fields = {
    ...common,
    ...ends(server, port),
    bytesIn: '%BYTES_RECEIVED%',
    bytesOut: '%BYTES_SENT%',
    ...rules(network, policy, nearestToConnection(policy, port)),
    details: '%CONNECTION_TERMINATION_DETAILS%',
    tls: '%DOWNSTREAM_TRANSPORT_FAILURE_REASON%',
  };
  // One listener then has the logs of all ports.
  const here = interceptionOf(server, options) === undefined ? [] : [when(`destination.port == ${port}`)];
  return [log(options, fields, [...refusedBy(network), when("connection.transport_failure_reason != ''")], here)];
}

/** Of connections to a port, those whose peer the handshake refuses. */
export function failedHandshake(server: Workload, port: WorkloadPort, options: EnvoyOptions): Message {
  const refused = "connection.transport_failure_reason != ''";
  const redirected = interceptionOf(server, options) !== undefined;
  return when(redirected ? `destination.port == ${port.port} && ${refused}` : refused);
}

/** Of connections to ports that no container of an intercepted workload declares: each is refused. */
export function undeclaredLogs(options: EnvoyOptions, server: Workload): readonly Message[] {
  const fields = { ...common, ...ends(server, '%DOWNSTREAM_LOCAL_PORT%'), verdict: 'denied', details: undeclared };
  return [log(options, fields, [])];
}

const undeclared = 'no container declares this port';

const request: Message = {
  method: '%REQ(:METHOD)%',
  authority: '%REQ(:AUTHORITY)%',
  path: '%PATH(NQ:PATH)%',
  status: '%RESPONSE_CODE%',
};

const common: Message = { time: '%START_TIME%', direction: 'inbound', millis: '%DURATION%', flags: '%RESPONSE_FLAGS%' };

function ends({ id }: Workload, port: number | string): Message {
  return {
    peer: '%DOWNSTREAM_PEER_URI_SAN%',
    source: '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%',
    destination: id,
    port,
  };
}

/** The rule that let it in; of what is refused, the one that came nearest: for this peer, or else any at this port. */
function rules(filter: string, policy: InboundPolicy | undefined, nearest: string | undefined): Message {
  if (policy?.mode === 'allow') return {};
  const kind = policy?.mode === 'audit' ? 'shadow' : 'enforced';
  const refused = `metadata.filter_metadata['${filter}']['${kind}_engine_result'] == 'denied'`;
  return {
    rule: `%DYNAMIC_METADATA(${filter}:${kind}_effective_policy_id)%`,
    ...(nearest === undefined ? {} : { nearest: cel(`${refused} ? (${nearest}) : ''`) }),
  };
}

const nearestKey = 'nearest';

/** What `inboundLogs` and flows' logs need to know of callers at a port. */
export function nearestRules(policy: InboundPolicy | undefined, port: number): SaidOfPeers {
  const here = (policy?.grants ?? []).filter(({ to }) =>
    to.some(({ ports }) => ports === 'any' || ports.includes(port)),
  );
  const nearest: Record<string, string> = { '': here[0]?.rule ?? '' };
  for (const { rule, from } of here) for (const { spiffe } of from) nearest[spiffe] ??= rule;
  return { [nearestKey]: nearest };
}

/** Rules beyond so many are not told apart: a line of the log should not cost more than the request. */
const maxIdentities = 64;

/** The same of connections, which have no routes that could say it. */
function nearestToConnection(policy: InboundPolicy | undefined, port: number): string | undefined {
  const { '': first, ...byIdentity } = nearestRules(policy, port)[nearestKey] ?? {};
  if (first === '') return undefined;
  const few = Object.entries(byIdentity).slice(0, maxIdentities);
  const entries = few.map(([identity, rule]) => `'${identity}': '${rule}'`).join(', ');
  return `${peerIdentity} in {${entries}} ? {${entries}}[${peerIdentity}] : '${first}'`;
}

/** As our own proxy calls it; what is answered before anybody is asked is `rejected`. */
function verdict(mode: InboundPolicy['mode'], callers: Callers): string {
  const details = 'response.code_details';
  const found = `'${http}' in metadata.filter_metadata`;
  const audited = `metadata.filter_metadata['${http}']['shadow_engine_result'] == 'denied' ? 'audited' : 'allowed'`;
  const passed =
    callers === 'plain' || mode === 'allow'
      ? `${details} == 'direct_response' ? 'rejected' : '${callers === 'plain' ? 'unauthenticated' : 'allowed'}'`
      : `${found} ? (${mode === 'audit' ? audited : "'allowed'"}) : 'rejected'`;
  return `${details}.startsWith('rbac_') || ${details}.startsWith('jwt_authn_') ? 'denied' : ${details} == 'request_rate_limited' ? 'limited' : ${passed}`;
}

function refusedBy(filter: string): readonly Message[] {
  return ['enforced', 'shadow'].map((kind) =>
    noted(filter, [`${kind}_engine_result`], { stringMatch: { exact: 'denied' } }),
  );
}

const refusedToken: Message = noted('envoy.filters.http.jwt_authn', [failureKey, 'message'], { presentMatch: true });

/** Also where there is no peer of whom a filter could say anything. */
function when(expression: string): Message {
  return {
    extensionFilter: {
      name: 'envoy.access_loggers.extension_filters.cel',
      typedConfig: any('envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter', { expression }),
    },
  };
}

function noted(filter: string, path: readonly string[], value: Message): Message {
  const matcher = { filter, path: path.map((key) => ({ key })), value };
  return { metadataFilter: { matcher, matchIfKeyNotFound: false } };
}

function anyOf(filters: readonly Message[]): Message {
  return { orFilter: { filters } };
}

const streams: Readonly<Record<string, string>> = { '/dev/stdout': 'Stdout', '/dev/stderr': 'Stderr' };

function log(
  { accessLog = { path: '/dev/stderr', requests: 'denied' } }: EnvoyOptions,
  fields: Message,
  denials: readonly Message[],
  always: readonly Message[] = [],
): Message {
  const { path, requests } = accessLog;
  const formatters = [{ name: 'envoy.formatter.cel', typedConfig: any('envoy.extensions.formatter.cel.v3.Cel', {}) }];
  const logFormat = { jsonFormat: fields, formatters };
  const stream = streams[path];
  const typedConfig =
    stream === undefined
      ? any('envoy.extensions.access_loggers.file.v3.FileAccessLog', { path, logFormat })
      : any(`envoy.extensions.access_loggers.stream.v3.${stream}AccessLog`, { logFormat });
  const wanted = requests === 'all' || denials.length === 0 ? [] : [anyOf(denials)];
  const [filter, ...more] = [...always, ...wanted];
  return {
    name: 'access',
    ...(filter === undefined
      ? {}
      : { filter: more.length === 0 ? filter : { andFilter: { filters: [filter, ...more] } } }),
    typedConfig,
  };
}
