import { type RequestOptions, request } from 'node:https';
import { connect } from 'node:tls';
import { afterEach, expect, test, vi } from 'vitest';
import { err, ok } from '../../../src/lib/result.ts';
import { createWebhookAuthority, issueServingCertificate } from '../../../src/webhooks/certificates/issue.ts';
import {
  type EndpointOptions,
  startWebhookServer,
  type WebhookCall,
  type WebhookServer,
} from '../../../src/webhooks/server.ts';

const hour = 3_600_000;
const authority = await createWebhookAuthority(Date.now(), hour);
const certificateFor = (host: string) => issueServingCertificate(authority, [host, '127.0.0.1'], Date.now(), hour);

const started: WebhookServer[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.close();
});

async function start(endpoint: Partial<EndpointOptions> = {}, calls: WebhookCall[] = []): Promise<WebhookServer> {
  const answer: EndpointOptions['answer'] = async (body) => ok({ echo: body });
  const server = await startWebhookServer({
    port: 0,
    host: '127.0.0.1',
    certificate: await certificateFor('one.test'),
    endpoints: { '/echo': { answer, bodyLimit: 1_000, concurrency: 1, ...endpoint } },
    observe: (call) => calls.push(call),
  });
  started.push(server);
  return server;
}

function call(port: number, text: string, options: RequestOptions = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/echo', method: 'POST', ca: authority.certificate, ...options },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

function servedName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate }, () => {
      resolve(String(socket.getPeerCertificate().subjectaltname));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('answers a POST by its endpoint, and says what became of it', async () => {
  const calls: WebhookCall[] = [];
  const { port } = await start({}, calls);
  expect(await call(port, '{"a":1}')).toEqual({ status: 200, body: '{"echo":{"a":1}}' });
  expect((await call(port, '', { method: 'GET' })).status).toBe(405);
  expect((await call(port, '{}', { path: '/other' })).status).toBe(404);
  expect((await call(port, '{')).status).toBe(400);
  expect(calls.map(({ outcome }) => outcome)).toEqual(['answered', 'refused']);
});

test('a body above the limit is refused whether or not its length is said', async () => {
  const { port } = await start();
  const long = `"${'x'.repeat(2_000)}"`;
  expect((await call(port, long)).status).toBe(413);
  expect((await call(port, long, { headers: { 'transfer-encoding': 'chunked' } })).status).toBe(413);
  expect((await call(port, '"short"')).status).toBe(200);
});

test('an endpoint that refuses is 400, one that throws is 500 and a defect; both serve on', async () => {
  const calls: WebhookCall[] = [];
  const answer: EndpointOptions['answer'] = async (body) => {
    if (body === 'throw') throw new Error('a bug');
    return err('no review');
  };
  const { port } = await start({ answer }, calls);
  expect(await call(port, '"throw"')).toMatchObject({ status: 500 });
  expect(await call(port, '"refuse"')).toEqual({ status: 400, body: '{"message":"no review"}' });
  expect(calls).toMatchObject([{ outcome: 'failed', defect: new Error('a bug') }, { outcome: 'refused' }]);
});

test('no more calls than allowed are answered at once', async () => {
  const held: (() => void)[] = [];
  let begun = 0;
  const answer: EndpointOptions['answer'] = async () => {
    begun += 1;
    await new Promise<void>((resolve) => held.push(resolve));
    return ok({});
  };
  const { port } = await start({ answer, concurrency: 2 });
  const answers = Array.from({ length: 6 }, () => call(port, '{}'));
  for (const most of [2, 4, 6]) {
    await vi.waitFor(() => expect(held).toHaveLength(2), 10_000);
    expect(begun).toBe(most);
    for (const release of held.splice(0)) release();
  }
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
});

test('another certificate is served without a restart; one that is no certificate changes nothing', async () => {
  const server = await start();
  expect(await servedName(server.port)).toContain('one.test');
  expect(server.useCertificate(await certificateFor('two.test')).ok).toBe(true);
  expect(await servedName(server.port)).toContain('two.test');
  expect(server.useCertificate({ certificateChain: 'nothing', privateKey: 'nothing' }).ok).toBe(false);
  const { certificateChain } = await certificateFor('three.test');
  const { privateKey } = await certificateFor('four.test');
  expect(server.useCertificate({ certificateChain, privateKey }).ok).toBe(false);
  expect(await servedName(server.port)).toContain('two.test');
});

test('without a certificate no handshake succeeds until there is one', async () => {
  const server = await startWebhookServer({ port: 0, host: '127.0.0.1', endpoints: {} });
  started.push(server);
  expect(server.ready).toBe(false);
  await expect(servedName(server.port)).rejects.toThrow();
  server.useCertificate(await certificateFor('one.test'));
  expect(server.ready).toBe(true);
  expect(await servedName(server.port)).toContain('one.test');
});
