import { type HttpEndpoint, sendText, serveHttp } from './http-endpoint.ts';

export interface HealthSource {
  /** What has to be there before proxies can be served and is not; nothing when all of it is. */
  readonly missing: () => readonly string[];
  /** Prometheus text format. */
  readonly metrics: () => string;
}

const plain = 'text/plain; charset=utf-8';

/** `/healthz`, `/readyz` and `/metrics` for the kubelet and for Prometheus: nothing that is secret. */
export function serveHealth(address: string, port: number, source: HealthSource): Promise<HttpEndpoint> {
  return serveHttp(address, port, (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') return sendText(response, 405, plain, 'only GET\n');
    if (path === '/healthz') return sendText(response, 200, plain, 'ok\n');
    if (path === '/metrics') return sendText(response, 200, 'text/plain; version=0.0.4', source.metrics());
    if (path !== '/readyz') return sendText(response, 404, plain, '/healthz /readyz /metrics\n');
    const missing = source.missing();
    if (missing.length === 0) return sendText(response, 200, plain, 'ok\n');
    return sendText(response, 503, plain, `waiting for ${missing.join(', ')}\n`);
  });
}
