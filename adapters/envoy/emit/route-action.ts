import type { Faults, LoadBalancer, RequestPolicy } from '../../../src/model/policy.ts';
import type { ServiceId } from '../../../src/model/types.ts';
import type { ClientRefusals, Note } from './client-access.ts';
import { deadlineHeader, requestTime } from './deadline.ts';
import { headerEdits, line } from './header-edits.ts';
import { injectedFaults, share } from './injected-faults.ts';
import { duration, type Message } from './message.ts';
import type { ClusterOf } from './places.ts';
import { retryPolicy } from './retry-policy.ts';

export interface Target {
  readonly service: ServiceId;
  readonly port: number;
  readonly weight: number;
}

export interface ForwardSettings {
  readonly clusterOf: ClusterOf;
  /** How requests to a cluster are refused by the client's own sidecar, by filter; nothing where some may be let in. */
  readonly refusals: ClientRefusals['ofRequests'];
  /** What binds requests to the endpoints of a service port; undefined: nothing. */
  readonly hashOn: (service: ServiceId, port: number) => LoadBalancer['hashOn'];
  readonly testRandomHeader: string | undefined;
  /** The retry policy of routes that name none. */
  readonly ordinaryRetries?: Message | undefined;
  /** The rule names backends. */
  readonly chooses?: boolean;
}

/** What may happen to requests: they may be sent again; only if their server never saw them; they become tunnels. */
export type ForwardUse = 'repeatable' | 'once' | 'tunnel';

/** The part of a route that says what happens to its requests. */
export function forwardAction(
  targets: readonly Target[],
  policy: RequestPolicy,
  use: ForwardUse,
  settings: ForwardSettings,
): Message {
  const { timeouts = {}, retries = {}, faults = {}, mirror, headers } = policy;
  const request = use === 'tunnel' ? 0 : (timeouts.request ?? 0);
  const { clusters, refusals } = clustersOf(targets, settings, noted(settings, faults));
  const perFilter = { ...refusals, ...injectedFaults(faults) };
  const edits = headerEdits(headers?.request, headers?.response);
  return {
    route: {
      ...clusters,
      // From here to the end of the answer counts `maxStreamDuration`; this would begin at the end of the request.
      timeout: '0s',
      ...(use === 'tunnel' ? {} : { maxStreamDuration: requestTime(request) }),
      ...(timeouts.idle === undefined ? {} : { idleTimeout: duration(timeouts.idle) }),
      ...retrying(retryPolicy(retries, timeouts.perTry ?? 0, use === 'repeatable'), settings),
      ...(use === 'tunnel' ? {} : mirrors(mirror, settings.clusterOf)),
      ...hashPolicies(targets, settings),
    },
    ...(Object.keys(perFilter).length === 0 ? {} : { typedPerFilterConfig: perFilter }),
    ...edits,
    ...(request === 0 ? {} : { requestHeadersToAdd: [...linesOf(edits), told(request)] }),
  };
}

/** Where a service's own endpoints are meant the route says it all. */
function noted({ chooses }: ForwardSettings, { abort }: Faults): Note {
  if (chooses !== true) return 'none';
  return abort === undefined ? 'refused' : 'always';
}

/** Only what differs from the ordinary is said. */
function retrying(wanted: Message | undefined, { ordinaryRetries }: ForwardSettings): Message {
  if (JSON.stringify(wanted) === JSON.stringify(ordinaryRetries)) return {};
  return { retryPolicy: wanted ?? { numRetries: 0 } };
}

/** The next hop is told the limit, unless the caller's own is passed on. */
function told(request: number): Message {
  return line(deadlineHeader, String(request), 'ADD_IF_ABSENT');
}

function linesOf({ requestHeadersToAdd }: Message): readonly Message[] {
  return (requestHeadersToAdd as readonly Message[] | undefined) ?? [];
}

function clustersOf(
  targets: readonly Target[],
  { clusterOf, refusals, testRandomHeader }: ForwardSettings,
  note: Note,
): { readonly clusters: Message; readonly refusals: Message } {
  const [only, ...others] = targets;
  if (only !== undefined && others.length === 0) {
    const cluster = clusterOf(only.service, only.port);
    return { clusters: { cluster }, refusals: refusals(cluster, note) };
  }
  const clusters = targets.map(({ service, port, weight }) => {
    const name = clusterOf(service, port);
    const perFilter = refusals(name, note);
    return { name, weight, ...(Object.keys(perFilter).length === 0 ? {} : { typedPerFilterConfig: perFilter }) };
  });
  const random = testRandomHeader === undefined ? {} : { headerName: testRandomHeader };
  return { clusters: { weightedClusters: { clusters, ...random } }, refusals: {} };
}

function mirrors(mirror: RequestPolicy['mirror'], clusterOf: ClusterOf): Message {
  if (mirror === undefined || mirror.share === 0) return {};
  const runtimeFraction = { defaultValue: share(mirror.share) };
  const cluster = clusterOf(mirror.service, mirror.port);
  return { requestMirrorPolicies: [{ cluster, runtimeFraction, disableShadowHostSuffixAppend: true }] };
}

/** A key for every backend that wants one; with several kinds of them, Envoy makes one key of all. */
function hashPolicies(targets: readonly Target[], { hashOn }: ForwardSettings): Message {
  const keys = targets.flatMap(({ service, port }) => {
    const on = hashOn(service, port);
    return on === undefined ? [] : [hashPolicy(on)];
  });
  const distinct = [...new Map(keys.map((key) => [JSON.stringify(key), key])).values()];
  return distinct.length === 0 ? {} : { hashPolicy: distinct };
}

function hashPolicy(on: NonNullable<LoadBalancer['hashOn']>): Message {
  if ('header' in on) return { header: { headerName: on.header } };
  return 'cookie' in on ? { cookie: { name: on.cookie } } : { connectionProperties: { sourceIp: true } };
}
