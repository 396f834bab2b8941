import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpEndpoint {
  readonly port: number;
  close(): Promise<void>;
}

const requestMillis = 5_000;
const maxHeadBytes = 8_192;
const maxConnections = 128;

/** Serves small answers over plain HTTP. Rejects when the address cannot be bound. */
export async function serveHttp(
  address: string,
  port: number,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<HttpEndpoint> {
  const server = createServer(
    { requestTimeout: requestMillis, headersTimeout: requestMillis, maxHeaderSize: maxHeadBytes },
    answer,
  );
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function sendText(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
