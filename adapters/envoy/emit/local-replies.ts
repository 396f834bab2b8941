import type { Message } from './message.ts';
import { unsentHeader } from './retry-policy.ts';

/** Envoy's own answers, where ours are others; of several cases the first counts. */
export const localReplies: Message = {
  mappers: [
    // What is not in origin form (`*`, an absolute URL) never reaches a route, and Envoy answers 404.
    { filter: header(':path', { safeRegex: { regex: '[^/].*' } }), statusCode: 400 },
    // A caller of gRPC is to tell a deadline from a server that is not there.
    {
      filter: { andFilter: { filters: [outOfTime(), header('content-type', { prefix: 'application/grpc' })] } },
      statusCode: 504,
      headersToAdd: [own('grpc-status', '4')],
    },
    // Envoy says 408 as long as the request is not complete.
    { filter: outOfTime(), statusCode: 504 },
    { filter: { responseFlagFilter: { flags: ['UO'] } }, headersToAdd: [own('x-smi-overloaded', 'true')] },
    { filter: { responseFlagFilter: { flags: ['UF'] } }, headersToAdd: [own(unsentHeader, 'true')] },
  ],
};

/** By the limit of the whole request, of one try, or of silence. */
function outOfTime(): Message {
  return { responseFlagFilter: { flags: ['DT', 'UT', 'SI', 'UMSDR'] } };
}

function header(name: string, stringMatch: Message): Message {
  return { headerFilter: { header: { name, stringMatch } } };
}

function own(key: string, value: string): Message {
  return { header: { key, value }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}
