import type { Message } from './message.ts';
import { unsentHeader } from './retry-policy.ts';

/** Envoy's own answers, where ours are others; of several cases the first counts. */
export const localReplies: Message = {
  mappers: [
    // What is not in origin form (`*`, an absolute URL) never reaches a route, and Envoy answers 404.
    { filter: header(':path', { safeRegex: { regex: '[^/].*' } }), statusCode: 400 },
    // What a policy wants stays as it is.
    { filter: flags('FI') },
    // A caller of gRPC is to tell a deadline from a server that is not there.
    {
      filter: allOf(flags('UT', 'SI'), header('content-type', { prefix: 'application/grpc' })),
      statusCode: 504,
      headersToAdd: [own('grpc-status', '4')],
    },
    // So Envoy calls the end of a request's time as long as the request is not complete. A head that came too slowly has no method.
    { filter: allOf(status(408), header(':method', { safeRegex: { regex: '.+' } })), statusCode: 504 },
    { filter: flags('UO'), headersToAdd: [own('x-smi-overloaded', 'true')] },
    { filter: flags('UF'), headersToAdd: [own(unsentHeader, 'true')] },
  ],
};

function allOf(...filters: readonly Message[]): Message {
  return { andFilter: { filters } };
}

function flags(...names: readonly string[]): Message {
  return { responseFlagFilter: { flags: names } };
}

function status(code: number): Message {
  const value = { defaultValue: code, runtimeKey: 'smi.none' };
  return { statusCodeFilter: { comparison: { op: 'EQ', value } } };
}

function header(name: string, stringMatch: Message): Message {
  return { headerFilter: { header: { name, stringMatch } } };
}

function own(key: string, value: string): Message {
  return { header: { key, value }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}
