import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { PrometheusClient, type PrometheusOptions } from '../../../../src/metrics/prometheus/client.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

/** A client of a server that answers by itself; at `/base`. */
async function asking(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  options: Partial<PrometheusOptions> = {},
): Promise<PrometheusClient> {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => {
      body += piece;
    });
    request.once('end', () => answer(request, response, body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new PrometheusClient({ url: `http://127.0.0.1:${port}/base`, ...options });
  ends.push(
    () => server.close(),
    () => server.closeAllConnections(),
    () => client.close(),
  );
  return client;
}

const success = (result: readonly object[]) => JSON.stringify({ status: 'success', data: { result } });

test('a question says expression, time and token, and samples come in milliseconds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'smi-token-'));
  ends.push(() => rmSync(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, 'secret\n');
  const seen: unknown[] = [];
  const client = await asking(
    ({ url, headers }, response, body) => {
      seen.push(url, headers.authorization, Object.fromEntries(new URLSearchParams(body)));
      const histogram = { count: '3', sum: '0.5', buckets: [[3, '-1', '1', '1'], [0, '1', '2', '2'], 'odd'] };
      response.end(
        success([
          { metric: { a: 'b' }, values: [[1.5, '7'], ['odd'], [2, '+Inf']] },
          { metric: {}, histogram: [3, histogram] },
        ]),
      );
    },
    { tokenFile },
  );
  expect(await client.query('x[1m]', 12_345)).toEqual({
    ok: true,
    value: [
      {
        labels: { a: 'b' },
        samples: [{ at: 1_500, value: 7 }, expect.objectContaining({ at: 2_000 })],
        histograms: [],
      },
      {
        labels: {},
        samples: [],
        histograms: [
          {
            at: 3_000,
            value: {
              sum: 0.5,
              buckets: [
                { lower: -1, upper: 1, count: 1 },
                { lower: 1, upper: 2, count: 2 },
              ],
            },
          },
        ],
      },
    ],
  });
  expect(seen).toEqual(['/base/api/v1/query', 'Bearer secret', { query: 'x[1m]', time: '12.345' }]);
});

test.each<[string, (response: ServerResponse) => void, string]>([
  ['a refusal', (r) => r.writeHead(422).end('{"status":"error","error":"too many samples"}'), '422: too many samples'],
  ['a page of somebody else', (r) => r.writeHead(403).end('<html>'), 'status 403'],
  ['a redirection', (r) => r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'status 302'],
  ['no JSON', (r) => r.end('<html>'), 'no JSON'],
  ['no result', (r) => r.end('{"status":"success"}'), 'without a result'],
  ['an error', (r) => r.end('{"status":"error","error":"bad expression"}'), 'bad expression'],
  ['a broken connection', (r) => r.destroy(), 'cannot be asked'],
])('%s is an error that says so', async (_, answer, wanted) => {
  const client = await asking((_request, response) => answer(response));
  expect(await client.query('x', 0)).toEqual({ ok: false, error: expect.stringContaining(wanted) });
});

test('an answer that goes on and on is cut off', async () => {
  const piece = Buffer.alloc(1 << 20, 'x');
  const client = await asking((_, response) => {
    const write = (): void => {
      while (!response.destroyed && response.write(piece)) {}
    };
    response.on('drain', write);
    write();
  });
  expect(await client.query('x', 0)).toMatchObject({ ok: false, error: expect.stringContaining('more than 48 MiB') });
});

test('a token that cannot be read is an error', async () => {
  const client = await asking((_, response) => response.end(success([])), { tokenFile: '/nonexistent/token' });
  expect(await client.query('x', 0)).toMatchObject({ ok: false, error: expect.stringContaining('/nonexistent/token') });
});
