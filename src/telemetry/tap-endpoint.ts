import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestRecord } from './record.ts';
import type { TapHub } from './tap.ts';
import { parseTapRequest } from './tap-request.ts';

/** A line of `/tap`: a record, or how much was left out since the beginning. The counts come when they change, and as a sign of life. */
export type TapLine = { readonly record: RequestRecord } | { readonly dropped: number; readonly skipped: number };

/** What waits for a slow reader; beyond it records are dropped. */
const waitingBytes = 262_144;
const countsEveryMillis = 1_000;

/** Answers `GET /tap?...` with JSON lines until the onlooker leaves. Only for addresses that outsiders do not reach. */
export function serveTap(hub: TapHub, request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  const asked = parseTapRequest(new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)));
  if (!asked.ok) {
    refuse(response, 400, asked.error);
    return;
  }
  const tap = hub.open(asked.value, (record) => {
    if (response.writableLength > waitingBytes) return false;
    write({ record });
    return true;
  });
  if (tap === undefined) {
    refuse(response, 503, 'too many look already');
    return;
  }
  const write = (line: TapLine) => response.write(`${JSON.stringify(line)}\n`);
  const counts = () => {
    const { dropped, skipped } = tap;
    if (response.writableLength <= waitingBytes) write({ dropped, skipped });
  };
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  counts();
  const timer = setInterval(counts, countsEveryMillis);
  const end = () => {
    clearInterval(timer);
    tap.close();
  };
  response.once('close', end);
  response.once('error', end);
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  const body = `${reason}\n`;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
