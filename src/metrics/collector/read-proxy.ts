import { Agent, request } from 'node:http';
import { err, ok, type Result } from '../../lib/result.ts';
import { readSnapshot, type TelemetrySnapshot } from '../../telemetry/snapshot.ts';

/** Where a proxy answers `/telemetry`. */
export interface ScrapeTarget {
  /** `NAMESPACE/POD`. */
  readonly workload: string;
  readonly address: string;
  readonly port: number;
}

const timeoutMillis = 2_000;
const maxBytes = 8 * 1024 * 1024;

/** One connection to each proxy, kept for the next time. */
export function scrapeAgent(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 4_096, timeout: 30_000 });
}

/** What a proxy has counted; the error says why there is no answer. Never takes longer than two seconds. */
export async function readProxy(
  target: ScrapeTarget,
  agent: Agent,
  onBytes: (bytes: number) => void,
): Promise<Result<TelemetrySnapshot, string>> {
  const text = await readPage(target, '/telemetry', agent, onBytes);
  return text.ok ? readSnapshot(text.value) : text;
}

/** A page of a proxy, within two seconds. */
export function readPage(
  { address, port }: ScrapeTarget,
  path: string,
  agent: Agent,
  onBytes: (bytes: number) => void = () => {},
): Promise<Result<string, string>> {
  return new Promise((resolve) => {
    const options = { host: address, port, path, agent, signal: AbortSignal.timeout(timeoutMillis) };
    const sent = request(options, (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        pieces.push(piece);
        if (bytes > maxBytes) response.destroy(new Error(`it answers more than ${maxBytes} bytes`));
      });
      response.once('error', (error) => resolve(err(error.message)));
      response.once('end', () => {
        onBytes(bytes);
        if (response.statusCode === 200) resolve(ok(Buffer.concat(pieces).toString('utf8')));
        else resolve(err(`it answers with status ${response.statusCode}`));
      });
    });
    sent.once('error', (error) => resolve(err(error.message)));
    sent.end();
  });
}
