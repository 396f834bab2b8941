import { pathHeader } from './match.ts';
import type { Message } from './message.ts';
import { unsentHeader } from './retry-policy.ts';

const both = ['x-smi-overloaded', unsentHeader, 'x-smi-backend'];

/**
 * Of a route configuration: fields that are between proxies (docs/proxy.md) and go no further. What is left of a request's
 * time does, to the next hop.
 */
export const meshFields: Message = {
  requestHeadersToRemove: [...both, pathHeader],
  responseHeadersToRemove: [...both, 'x-smi-deadline-ms'],
};
