import type { Readable } from 'node:stream';

const limit = 64 * 1024;

/** Calls `onLine` for every line of a UTF-8 stream, without its end; a longer line than 64 KiB is cut into several. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) onLine(part.endsWith('\r') ? part.slice(0, -1) : part);
    for (; rest.length > limit; rest = rest.slice(limit)) onLine(rest.slice(0, limit));
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
    rest = '';
  });
  // A stream that breaks has no more lines; the process's exit says why.
  stream.on('error', () => undefined);
}
