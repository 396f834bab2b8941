import { STATUS_CODES } from 'node:http';
import type { RecordHeaders, RequestRecord } from '../../telemetry/record.ts';

const versions: Readonly<Record<RequestRecord['protocol'], string>> = {
  http1: 'HTTP/1.1',
  http2: 'HTTP/2',
  grpc: 'HTTP/2',
  tcp: '',
  udp: '',
};

/** Requests as an HTTP Archive (HAR 1.2), oldest first. What no proxy knows or tells (bodies, queries, cookies) is left out; connections have no entry. */
export function harOf(records: readonly RequestRecord[], version: string): unknown {
  const entries = records
    .filter(({ protocol }) => versions[protocol] !== '')
    .toSorted((a, b) => a.time - b.time)
    .map(entryOf);
  return { log: { version: '1.2', creator: { name: 'smi-cli tap', version }, entries } };
}

function entryOf(record: RequestRecord): unknown {
  const { time, millis, method, authority, path, code, protocol, requestBytes, responseBytes } = record;
  const httpVersion = versions[protocol];
  const address = /^\[?([0-9a-f.:]+?)\]?:\d+$/i.exec(record.destination.address)?.[1];
  return {
    startedDateTime: new Date(time).toISOString(),
    time: millis,
    request: {
      method,
      url: `http://${authority || 'unknown'}${path || '/'}`,
      httpVersion,
      cookies: [],
      headers: headersOf(record.requestHeaders),
      queryString: [],
      headersSize: -1,
      bodySize: requestBytes,
    },
    response: {
      status: code,
      statusText: STATUS_CODES[code] ?? '',
      httpVersion,
      cookies: [],
      headers: headersOf(record.responseHeaders),
      content: { size: responseBytes, mimeType: mimeType(record.responseHeaders) },
      redirectURL: '',
      headersSize: -1,
      bodySize: responseBytes,
    },
    cache: {},
    timings: timingsOf(record),
    ...(address === undefined ? {} : { serverIPAddress: address }),
    comment: commentOf(record),
  };
}

/** They add up to the whole time, as HAR wants. */
function timingsOf({ millis, sentMillis, answeredMillis }: RequestRecord) {
  const answered = Math.min(answeredMillis ?? millis, millis);
  const send = Math.min(sentMillis ?? 0, answered);
  return { send, wait: answered - send, receive: millis - answered };
}

function commentOf({ direction, reporter, verdict, rule, retries }: RequestRecord): string {
  const more = [...(rule === '' ? [] : [`rule ${rule}`]), ...(retries === 0 ? [] : [`retries ${retries}`])];
  return [`${direction} at ${reporter}`, verdict, ...more].join(', ');
}

function headersOf(headers: RecordHeaders | undefined) {
  return (headers ?? []).map(([name, value]) => ({ name, value }));
}

function mimeType(headers: RecordHeaders | undefined): string {
  return headers?.find(([name]) => name === 'content-type')?.[1] ?? 'x-unknown';
}
