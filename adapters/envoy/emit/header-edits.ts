import type { HeaderEdits } from '../../../src/model/policy.ts';
import type { Message } from './message.ts';

/** Fields of a route that edit what goes to the server and what comes from it; Envoy removes first, then goes by the list. */
export function headerEdits(request: HeaderEdits | undefined, response: HeaderEdits | undefined): Message {
  return { ...edits('request', request ?? {}), ...edits('response', response ?? {}) };
}

function edits(message: 'request' | 'response', { set = {}, add = {}, remove = [] }: HeaderEdits): Message {
  const lines = [
    ...Object.entries(set).map(([name, value]) => line(name, value, 'OVERWRITE_IF_EXISTS_OR_ADD')),
    ...Object.entries(add).map(([name, value]) => line(name, value, 'APPEND_IF_EXISTS_OR_ADD')),
  ];
  return {
    ...(lines.length === 0 ? {} : { [`${message}HeadersToAdd`]: lines }),
    ...(remove.length === 0 ? {} : { [`${message}HeadersToRemove`]: remove }),
  };
}

/** A header line of a fixed value. */
export function line(key: string, value: string, appendAction: string): Message {
  // `%` begins what Envoy puts in.
  return {
    header: { key, value: value.replaceAll('%', '%%') },
    appendAction,
    ...(value === '' ? { keepEmptyValue: true } : {}),
  };
}
