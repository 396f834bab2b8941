import { type RequestOptions, request } from 'node:http';
import type { AdminAnswer } from './contract.ts';

const maxAnswerBytes = 64 * 1024 * 1024;

/** Asks a control plane over the connection that the options make; rejects when no whole answer comes in time. */
export function askAdmin(connection: RequestOptions, path: string, timeoutMillis: number): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...connection, path, signal: AbortSignal.timeout(timeoutMillis) }, (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        pieces.push(piece);
        if (bytes > maxAnswerBytes) response.destroy(new Error(`it answers more than ${maxAnswerBytes} bytes`));
      });
      response.once('error', reject);
      response.once('end', () => {
        const type = response.headers['content-type'] ?? '';
        resolve({ status: response.statusCode ?? 0, type, body: Buffer.concat(pieces).toString('utf8') });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}
