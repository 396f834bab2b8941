import { type IncomingMessage, type RequestOptions, request } from 'node:http';

const headMillis = 15_000;

/** Asks a control plane over the connection that the options make, and gives the answer as it comes; rejects when none begins in time. */
export function openAdmin(connection: RequestOptions, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...connection, path, signal });
    const timer = setTimeout(() => sent.destroy(new Error('it does not answer in time')), headMillis);
    sent.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    sent.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    sent.end();
  });
}
