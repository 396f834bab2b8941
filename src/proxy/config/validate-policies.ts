import type { HttpMatch__Output } from '../../../generated/types/proxy/smi/proxy/v1/HttpMatch.ts';
import { authenticationFault } from '../auth/authenticators.ts';
import { isEditable, isFieldValue } from '../policy/edit-plan.ts';
import { WHOLE } from '../policy/share.ts';
import { compileMatch } from '../routing/match.ts';
import { first } from './faults.ts';
import type { Messages } from './resources.ts';

type RequestLayer = Messages['OutboundService']['policies'][number];
type ServerLayer = Messages['InboundPolicy']['policies'][number];

/** What is wrong with a layer of a service's request policy. */
export function requestLayerFault(layer: RequestLayer): string | undefined {
  return (
    coverageFault(layer) ??
    retriesFault(layer.retries) ??
    faultsFault(layer.faults) ??
    mirrorFault(layer.mirror) ??
    editsFault('request_headers', layer.requestHeaders) ??
    editsFault('response_headers', layer.responseHeaders)
  );
}

/** What is wrong with a layer of what a server asks. */
export function serverLayerFault(layer: ServerLayer): string | undefined {
  if (layer.ports.length === 0) return 'ports: empty';
  const authentication = layer.authentication === null ? undefined : authenticationFault(layer.authentication);
  return (
    coverageFault(layer) ??
    rateLimitFault(layer.rateLimit) ??
    (authentication === undefined ? undefined : `authentication.${authentication}`)
  );
}

/** An empty list must not mean every request. */
function coverageFault({ any, matches }: { any: boolean; matches: readonly HttpMatch__Output[] }): string | undefined {
  if (!any && matches.length === 0) return 'matches: empty without any';
  return first('matches', matches, (match) => {
    const compiled = compileMatch(match);
    return compiled.ok ? undefined : compiled.error;
  });
}

function retriesFault(retries: RequestLayer['retries']): string | undefined {
  if (retries === null) return undefined;
  if (retries.methods?.methods.length === 0) return 'retries.methods: empty';
  if (retries.budgetWindowMs === 0) return 'retries.budget_window_ms: 0';
  return retries.on?.conditions.some((condition) => typeof condition !== 'string') === true
    ? 'retries.on: an unknown condition'
    : undefined;
}

function faultsFault(faults: RequestLayer['faults']): string | undefined {
  const { delay, abort } = faults ?? {};
  if (abort !== null && abort !== undefined) {
    const { httpStatus, grpcStatus } = abort;
    if (httpStatus < 200 || httpStatus > 599) return `faults.abort.http_status: ${httpStatus} is no final status`;
    if (grpcStatus > 16) return `faults.abort.grpc_status: ${grpcStatus} is no status of gRPC`;
  }
  return shareFault('faults.delay', delay) ?? shareFault('faults.abort', abort);
}

function mirrorFault(mirror: RequestLayer['mirror']): string | undefined {
  if (mirror?.endpoints === '') return 'mirror.endpoints: empty';
  return shareFault('mirror', mirror);
}

function shareFault(field: string, of: { readonly share: number } | null | undefined): string | undefined {
  if (of === null || of === undefined || of.share <= WHOLE) return undefined;
  return `${field}.share: ${of.share} is more than ${WHOLE}`;
}

function editsFault(field: string, edits: RequestLayer['requestHeaders']): string | undefined {
  if (edits === null) return undefined;
  const { set, add, remove } = edits;
  const names = [...remove, ...[...set, ...add].map(({ name }) => name)];
  const refused = names.find((name) => !isEditable(name));
  if (refused !== undefined) return `${field}: ${JSON.stringify(refused)} may not be edited`;
  const bad = [...set, ...add].find(({ value }) => !isFieldValue(value));
  return bad === undefined ? undefined : `${field}: the value of ${bad.name} cannot stand in a header`;
}

function rateLimitFault(limit: ServerLayer['rateLimit']): string | undefined {
  if (limit === null) return undefined;
  if (limit.requests === 0) return 'rate_limit.requests: 0';
  if (limit.periodMs === 0) return 'rate_limit.period_ms: 0';
  const { header } = limit;
  if (header === undefined) return limit.key === undefined ? 'rate_limit.key: absent' : undefined;
  return header === '' || header !== header.toLowerCase() ? 'rate_limit.header: not a lower-case name' : undefined;
}
