import { NO_UPGRADE } from '../codec/upgrade.ts';
import type { Exchange } from '../routing/exchange.ts';
import { FieldList } from './field-list.ts';
import { eachEdited } from './header-edits.ts';
import type { OutgoingRequest } from './outgoing.ts';

/** The head of a request as it goes on, edits of phases so far included, to be kept beyond its exchange. */
export function copyRequest({ request, requestEdits, path, query }: Exchange): OutgoingRequest {
  const { method, host, contentLength } = request;
  const lines: string[] = [];
  eachEdited(request.fields, requestEdits, (name, value) => {
    // The copy goes out with its body; nobody waits for leave to send it.
    if (name !== 'expect') lines.push(name, value);
  });
  const copy = {
    method,
    target: path + query,
    queryStart: path.length,
    plainPath: true,
    host,
    fields: new FieldList(lines),
    contentLength,
    upgrade: NO_UPGRADE,
  };
  return { request: copy, path, query, requestEdits: undefined };
}
