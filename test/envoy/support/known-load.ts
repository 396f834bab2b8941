import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import type { PolicyLayer, RequestPolicy, ServerPolicy } from '../../../src/model/policy.ts';
import type { HttpMatch, MeshModel, PortPolicy } from '../../../src/model/types.ts';
import { allowed, listen, matching, sampleModel, weighted } from '../../support/envoy-model.ts';
import { openSocket } from '../../support/mesh/envoy-process.ts';
import { randomHeader } from '../../support/mesh/exchange.ts';
import { RawClient } from '../../support/mesh/http-client.ts';

const withHeader = (name: string): HttpMatch =>
  matching({ headers: [{ name, re2: '(?s:.+)' }] as unknown as HttpMatch['headers'] });

const policy = <Fields>(
  name: string,
  fields: Fields,
  matches: PolicyLayer<Fields>['matches'],
): PolicyLayer<Fields> => ({
  policy: `default/${name}`,
  matches,
  fields,
  origins: [{ object: objectKey('policy.smi-mesh.io', 'TrafficPolicy', 'default', name), path: 'spec' }],
});

/** The sample mesh, in which requests say by their headers what is to happen to them. */
export function knownMesh(base: number): MeshModel {
  const books = matching({ path: { kind: 'prefix', value: '/books' } });
  const grants = [allowed('buyer', [{ ports: [15_001], http: books }, { ports: [15_002] }])];
  const model = sampleModel({ base, grants, rules: [weighted(1, 1)] });
  const retries: RequestPolicy = { retries: { on: ['serverError'], attempts: 2, backoff: { base: 1, max: 5 } } };
  const layers: PortPolicy['policies'] = [
    policy<RequestPolicy>('slow', { faults: { delay: { time: 30, share: 10_000 } } }, [withHeader('x-slow')]),
    policy<RequestPolicy>('abort', { faults: { abort: { httpStatus: 418, share: 10_000 } } }, [withHeader('x-abort')]),
    policy<RequestPolicy>('retries', retries, 'any'),
  ];
  const limit: ServerPolicy = { rateLimit: { requests: 1, period: 3_600_000, burst: 0, per: 'all' } };
  const limits = [{ ...policy('limit', limit, [withHeader('x-limited')]), ports: [15_001] as const }] as const;
  const store = model.outbound['default/store' as keyof typeof model.outbound]!;
  const port = store.ports['80']!;
  const legacy = model.outbound['default/legacy' as keyof typeof model.outbound]!;
  const short = policy<RequestPolicy>('short', { timeouts: { request: 300 } }, [withHeader('x-short')]);
  const outbound = {
    ...model.outbound,
    [store.service]: { ...store, ports: { '80': { ...port, policies: layers } } },
    [legacy.service]: { ...legacy, ports: { '80': { ...legacy.ports['80']!, policies: [short] } } },
  };
  const inbound = Object.fromEntries(
    Object.entries(model.inbound).map(([set, one]) => [
      set,
      set === 'default/store-v2' ? { ...one, policies: limits } : one,
    ]),
  );
  return { ...model, outbound, inbound };
}

/** Answer `/books/CODE/MILLIS` as it says; `/books/flaky/N/ID` with 503 the first N times. */
export async function startKnownPrograms(model: MeshModel): Promise<() => Promise<void>> {
  const failed = new Map<string, number>();
  const answer = createAnswer(failed);
  const servers: Server[] = [];
  for (const { ports } of Object.values(model.workloads)) {
    for (const { protocol, app } of ports) {
      const server = protocol === 'tcp' ? createServer((socket) => void echo(socket)) : createHttpServer(answer);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(app.port, app.address, resolve);
      });
      servers.push(server);
    }
  }
  return async () => {
    await Promise.all(
      servers.map((server) => {
        if ('closeAllConnections' in server) (server as ReturnType<typeof createHttpServer>).closeAllConnections();
        return new Promise<void>((resolve) => server.close(() => resolve()));
      }),
    );
  };
}

function createAnswer(failed: Map<string, number>): Parameters<typeof createHttpServer>[1] & object {
  return (request, response) => {
    request.resume();
    const [, , kind = '200', second = '0', id = ''] = (request.url ?? '').split('?', 1)[0]!.split('/');
    if (kind === 'flaky') {
      const before = failed.get(id) ?? 0;
      failed.set(id, before + 1);
      response.writeHead(before < Number(second) ? 503 : 200).end('flaky');
      return;
    }
    void delay(Number(second)).then(() => response.writeHead(Number(kind)).end('books'));
  };
}

function echo(socket: import('node:net').Socket): void {
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes: Buffer) => socket.write(bytes));
  socket.on('end', () => socket.end());
}

type Headers = readonly (readonly [string, string])[];

/** What programs of the mesh ask, in order; whatever data plane carries it, the answers have these codes. */
export async function sendKnownLoad(base: number): Promise<readonly number[]> {
  const codes: number[] = [];
  const buyer = new RawClient(() => openSocket({ host: `127.${base}.0.1`, port: listen.store }));
  const legacy = new RawClient(() => openSocket({ host: `127.${base}.0.1`, port: listen.legacy }));
  const ask = async (client: RawClient, path: string, backend: 0 | 1, more: Headers = [], host = 'store') => {
    const headers: Headers = [['Host', host], [randomHeader, String(backend)], ...more];
    const response = await client.send({ method: 'GET', path, headers });
    codes.push(response.kind === 'response' ? response.status : 0);
  };
  for (let i = 0; i < 6; i++) await ask(buyer, '/books/200/20', 0);
  for (let i = 0; i < 3; i++) await ask(buyer, '/books/200/60', 1);
  await ask(buyer, '/books/404/0', 0);
  await ask(buyer, '/books/200/0?secret=1', 0, [['traceparent', `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`]]);
  // Refused by the server's sidecar, and for the path.
  for (let i = 0; i < 2; i++) await ask(buyer, '/other', 1);
  await ask(buyer, '/a%00', 0);
  await ask(buyer, '/books', 0, [], 'nobody');
  // Tried again, with success and without.
  await ask(buyer, '/books/flaky/1/once', 0);
  await ask(buyer, '/books/flaky/9/always', 1);
  await ask(buyer, '/books/200/0', 0, [['x-slow', 'yes']]);
  for (let i = 0; i < 2; i++) await ask(buyer, '/books/200/0', 1, [['x-abort', 'yes']]);
  for (let i = 0; i < 3; i++) await ask(buyer, '/books/200/0', 1, [['x-limited', 'yes']]);
  await ask(legacy, '/books/200/0', 0, [], 'legacy');
  await ask(legacy, '/books/200/2000', 0, [['x-short', 'yes']], 'legacy');
  for (const client of [buyer, legacy]) client.close();
  return codes;
}

/** Bytes that a connection of the buyer to the database gets back. */
export function sendBytes(base: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connect({ host: `127.${base}.0.1`, port: listen.database });
    socket.on('error', () => resolve(got));
    socket.on('close', () => resolve(got));
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString();
      if (got.length === bytes.length) socket.end();
    });
    socket.on('connect', () => socket.write(bytes));
  });
}
