import { type Fields, isRecord } from '../lib/values.ts';
import type { StreamingConnection } from './connect.ts';
import { type ClusterFault, fault, sentence } from './fault.ts';

export type WatchEvent =
  | { readonly type: 'set' | 'removed'; readonly object: Fields }
  | { readonly type: 'bookmark'; readonly resourceVersion: string };

export interface WatchOptions {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
  readonly signal: AbortSignal;
  /** A watch on which nothing arrives for so long is taken for dead, in milliseconds. */
  readonly idleTimeout: number;
  /** What arrived together. It is done with before more is read. */
  readonly onEvents: (events: readonly WatchEvent[]) => void;
}

/** Largest line that is held, in bytes; etcd itself takes less than 2 MiB for an object. */
const lineLimit = 16 * 1024 * 1024;

/** Follows the changes of a kind until the apiserver ends the answer; what went wrong, if anything did. */
export async function watch(connection: StreamingConnection, options: WatchOptions): Promise<ClusterFault | undefined> {
  const { path, query, accept, signal, idleTimeout, onEvents } = options;
  const idle = new AbortController();
  const opened = await connection.open(`${path}?${query}`, { accept, signal: AbortSignal.any([signal, idle.signal]) });
  if (!opened.ok) return opened.error;
  const response = opened.value;
  const late = () => idle.abort(new Error(`nothing came for ${idleTimeout / 1000} s`));
  let timer = setTimeout(late, idleTimeout);
  const lines = new LineSplitter();
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      timer = setTimeout(late, idleTimeout);
      const parsed = lines.push(chunk).map(parseEvent);
      const failed = parsed.findIndex((event) => 'diagnostic' in event);
      const events = (failed < 0 ? parsed : parsed.slice(0, failed)) as readonly WatchEvent[];
      if (events.length > 0) onEvents(events);
      if (failed >= 0) return parsed[failed] as ClusterFault;
    }
    return undefined;
  } catch (error) {
    return fault(`the watch of ${path} broke off: ${sentence(idle.signal.aborted ? idle.signal.reason : error)}`);
  } finally {
    clearTimeout(timer);
    response.destroy();
  }
}

class LineSplitter {
  #rest: Buffer[] = [];
  #size = 0;

  push(chunk: Buffer): readonly string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      lines.push(Buffer.concat([...this.#rest, chunk.subarray(start, end)]).toString('utf8'));
      this.#rest = [];
      this.#size = 0;
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#rest.push(chunk.subarray(start));
      this.#size += chunk.length - start;
      if (this.#size > lineLimit) throw new Error(`one event has more than ${lineLimit} bytes`);
    }
    return lines;
  }
}

function parseEvent(line: string): WatchEvent | ClusterFault {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    return fault('the apiserver sent an event that is no JSON');
  }
  if (!isRecord(event) || !isRecord(event.object)) return fault('the apiserver sent an event without an object');
  const { type, object } = event;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      return { type: 'set', object };
    case 'DELETED':
      return { type: 'removed', object };
    case 'BOOKMARK':
      return { type: 'bookmark', resourceVersion: resourceVersionOf(object) };
    default: {
      const code = typeof object.code === 'number' ? object.code : undefined;
      return fault(`the apiserver ended a watch: ${String(object.message ?? type)}`, code);
    }
  }
}

/** Empty where there is none. */
export function resourceVersionOf(object: Fields): string {
  const version = isRecord(object.metadata) ? object.metadata.resourceVersion : undefined;
  return typeof version === 'string' ? version : '';
}
