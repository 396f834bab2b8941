import { type ClientRequestArgs, request as sendRequest } from 'node:http';
import type { TapLine } from '../../telemetry/tap-endpoint.ts';

/** A line longer than this is no record. */
const lineLimit = 1_048_576;
const silenceMillis = 15_000;

export interface TapStream {
  close(): void;
}

/** Reads `/tap` of one proxy, however it is reached. `ended` is the last call, once, with what is wrong, if something is. */
export function readTap(
  to: Pick<ClientRequestArgs, 'host' | 'port' | 'createConnection' | 'headers'>,
  query: string,
  line: (line: TapLine) => void,
  ended: (reason: string) => void,
): TapStream {
  let over = false;
  const end = (reason: string) => {
    if (over) return;
    over = true;
    clearTimeout(silence);
    outgoing.destroy();
    ended(reason);
  };
  // An agent would make a connection of its own.
  const alone = to.createConnection === undefined ? { agent: false } : {};
  const outgoing = sendRequest({ ...to, ...alone, path: `/tap?${query}` }, (response) => {
    let text = '';
    const good = response.statusCode === 200;
    response.setEncoding('utf8').on('data', (chunk: string) => {
      silence.refresh();
      text += chunk;
      if (text.length > lineLimit) end('it sends what is no record');
      if (!good) return;
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const each of lines) {
        const read = parse(each);
        if (read !== undefined && !over) line(read);
      }
    });
    response.once('error', (error) => end(error.message));
    // The admin endpoint of an Envoy that nobody counts for has no such page.
    const refusal = response.statusCode === 404 ? 'it cannot be tapped' : `status ${response.statusCode}`;
    response.once('close', () =>
      end(good ? 'it ended' : response.statusCode === 404 ? refusal : text.trim() || refusal),
    );
  });
  // Counts come every second. Connections through an apiserver are no sockets and know no timeouts of their own.
  const silence = setTimeout(() => end('it has gone silent'), silenceMillis);
  outgoing.once('error', (error) => end(error.message));
  outgoing.end();
  return { close: () => end('') };
}

function parse(text: string): TapLine | undefined {
  try {
    return JSON.parse(text) as TapLine;
  } catch {
    return undefined;
  }
}
