import tls from 'node:tls';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority, type Svid } from '../../../../src/identity/authority.ts';
import { spiffeId } from '../../../../src/lib/spiffe.ts';
import { startProxy } from '../../../../src/proxy/index.ts';
import { answer, type CountingServer, counted, countingServer, request, statusOf } from '../support/failing.ts';
import { ownAddress, policy, until, workload } from '../support/mesh.ts';

const account = (name: string) => spiffeId('cluster.local', 'default', name);
let authority: Authority;
let buyer: Svid;
let thief: Svid;
beforeAll(async () => {
  authority = await createAuthority({ trustDomain: 'cluster.local' });
  buyer = await authority.issue(account('buyer'));
  thief = await authority.issue(account('thief'));
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const buyers = {
  rule: 'default/buyers',
  identities: [account('buyer'), account('other')],
  to: [{ transport: 'TCP', ports: [80], anyHttp: true }],
};

async function served(policies: readonly Record<string, unknown>[], app?: CountingServer) {
  const program = app ?? (await countingServer(() => answer(200, 'x')));
  const address = ownAddress();
  const inbound = { address, port: 14001, containerPort: 80, protocol: 'HTTP' };
  const proxy = await startProxy(
    {
      node: 'default/store-0',
      admin: { address, port: 0 },
      secret: await authority.issue(account('store')),
      resources: [
        workload({
          name: 'default/store-0',
          identity: account('store'),
          inboundPolicy: 'default/store',
          inbound: [{ ...inbound, appAddress: program.address, appPort: program.port }],
        }),
        { ...policy('default/store', [buyers]), policies },
      ],
    },
    { log: () => {} },
  );
  cleanups.push(program.close, () => proxy.stop());
  await proxy.ready;
  const ask = (text: string, svid = buyer) => askWith(address, text, svid);
  return { program, ask, count: counted(proxy) };
}

async function askWith(host: string, text: string, svid: Svid): Promise<string> {
  const { certificateChain: cert, privateKey: key } = svid;
  const socket = tls.connect({ host, port: 14001, rejectUnauthorized: false, cert, key });
  let received = '';
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
  });
  socket.write(text);
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return received;
}

const limit = (rateLimit: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  policy: 'default/limits',
  any: true,
  ports: [80],
  rateLimit: { periodMs: 600_000, burst: 0, ...rateLimit },
  ...more,
});

describe('the program behind a server’s proxy', () => {
  test('is told who calls, whatever the client wrote', async () => {
    const { program, ask } = await served([]);
    await ask(request('GET', 'X-Forwarded-Client-Cert: By=a;URI=forged\r\nx-smi-backend: x\r\n'));
    const lines = program.requests[0]!.split('\r\n').filter((line) => /^x-forwarded-client-cert:/i.test(line));
    expect(lines).toEqual([`x-forwarded-client-cert: By=${account('store')};URI=${account('buyer')}`]);
    expect(program.requests[0]).not.toMatch(/x-smi-/i);
  });

  test('is left alone past the deadline that the caller’s proxy sends, and told what is left', async () => {
    const hung = await countingServer(() => undefined);
    const { ask, count } = await served([], hung);
    expect(statusOf(await ask(request('GET', 'x-smi-deadline-ms: 400\r\n')))).toBe(504);
    const left = Number(/x-smi-deadline-ms: (\d+)/i.exec(hung.requests[0]!)?.[1]);
    expect(left).toBeLessThanOrEqual(400);
    expect(await count('smi_deadline_exceeded_total', 'direction="inbound"')).toBe(1);
    await until(() => hung.sockets.every((socket) => socket.destroyed || socket.readableEnded), 'the end');
  });
});

test('a server’s proxy says when its program had no part in a 503', async () => {
  const gone = await countingServer(() => undefined);
  const { ask } = await served([], gone);
  gone.close();
  expect(await ask(request())).toMatch(/^HTTP\/1\.1 503 [\s\S]*x-smi-unsent: true\r\n/);
});

describe('a rate limit', () => {
  test('answers 429 with the time to wait, and the program sees only what it allows', async () => {
    const { program, ask, count } = await served([limit({ requests: 2, burst: 1, all: true })]);
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++) statuses.push(statusOf(await ask(request())));
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect(program.requests).toHaveLength(3);
    const retryAfter = Number(/retry-after: (\d+)/.exec(await ask(request()))?.[1]);
    expect(retryAfter).toBeGreaterThan(290);
    expect(retryAfter).toBeLessThanOrEqual(300);
    expect(await count('smi_rate_limited_total', 'policy="default/limits"')).toBe(3);
    expect(await count('smi_requests_total', 'code="429",verdict="limited"')).toBe(3);
  });

  test('is RESOURCE_EXHAUSTED in gRPC', async () => {
    const { ask } = await served([limit({ requests: 1, all: true })]);
    const call = request('POST', 'content-type: application/grpc\r\n', 'call');
    await ask(call);
    expect(await ask(call)).toMatch(/^HTTP\/1\.1 200 [\s\S]*grpc-status: 8\r\n[\s\S]*retry-after: \d+\r\n/);
  });

  test('counts each identity apart, or each value of a header', async () => {
    const other = await authority.issue(account('other'));
    const byIdentity = await served([limit({ requests: 1, identity: true })]);
    expect(statusOf(await byIdentity.ask(request()))).toBe(200);
    expect(statusOf(await byIdentity.ask(request(), other))).toBe(200);
    expect(statusOf(await byIdentity.ask(request()))).toBe(429);
    const byHeader = await served([limit({ requests: 1, header: 'x-user' })]);
    const as = (user: string) => byHeader.ask(request('GET', `X-User: ${user}\r\n`));
    expect([await as('a'), await as('b'), await as('a')].map(statusOf)).toEqual([200, 200, 429]);
    const long = (end: string) => as(`${'u'.repeat(1_000)}${end}`);
    expect([await long('a'), await long('b'), await long('a')].map(statusOf)).toEqual([200, 200, 429]);
  });

  test('comes after authorization: who may not enter uses nothing up', async () => {
    const { ask } = await served([limit({ requests: 1, all: true })]);
    expect(statusOf(await ask(request(), thief))).toBe(403);
    expect(statusOf(await ask(request()))).toBe(200);
    expect(statusOf(await ask(request(), thief))).toBe(403);
  });

  test('of several policies all must let a request pass, and one that is refused counts for none', async () => {
    const { ask } = await served([
      limit({ requests: 2, all: true }, { policy: 'default/wide' }),
      limit(
        { requests: 1, all: true },
        { policy: 'default/narrow', any: false, matches: [{ path: { prefix: '/a' } }] },
      ),
    ]);
    const get = async (path: string) => statusOf(await ask(request('GET', '', '', path)));
    expect([await get('/a'), await get('/a'), await get('/a')]).toEqual([200, 429, 429]);
    expect([await get('/b'), await get('/b')]).toEqual([200, 429]);
  });

  test('is for the ports that it names', async () => {
    const { ask } = await served([limit({ requests: 1, all: true }, { ports: [81] })]);
    for (let i = 0; i < 3; i++) expect(statusOf(await ask(request()))).toBe(200);
  });
});
