import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority } from '../../../src/identity/authority.ts';
import { awaitSvid, requestSvid, type SvidRequestOptions } from '../../../src/identity/client.ts';
import { type IdentityServer, type IdentityServerOptions, startIdentityServer } from '../../../src/identity/server.ts';
import { type Connection, connect } from '../../../src/kubernetes-client/connect.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { until } from '../../e2e/support/mesh.ts';
import { accountToken, createAccount, created, createPod, resigned } from '../support/accounts.ts';
import { adminOf } from '../support/client.ts';
import { startTestCluster } from '../support/test-cluster.ts';

const cluster = await startTestCluster();
const admin = adminOf(cluster);
const trustDomain = 'cluster.local';
const controlPlane = spiffeId(trustDomain, 'smi-mesh-system', 'control-plane');
const host = 'smi-mesh-controller.smi-mesh-system.svc';
const folder = mkdtempSync(join(tmpdir(), 'smi-identity-'));
const authority: Authority = await createAuthority({ trustDomain });
const trustBundleFile = join(folder, 'trust-bundle.pem');
writeFileSync(trustBundleFile, authority.trustBundle);

let connection: Connection;
const servers: IdentityServer[] = [];

beforeAll(async () => {
  connection = await connectionOf(cluster.kubeconfig);
  await created(admin, '/api/v1/namespaces', { metadata: { name: 'shop' } });
  for (const account of ['buyer', 'thief']) await createAccount(admin, 'shop', account);
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function connectionOf(kubeconfig: string): Promise<Connection> {
  const connected = await connect({ kubeconfig });
  if (!connected.ok) throw new Error(connected.error.diagnostic.message);
  return connected.value;
}

async function serve(options: Partial<IdentityServerOptions> = {}): Promise<IdentityServer> {
  const server = await startIdentityServer({
    address: '127.0.0.1',
    port: 0,
    authority,
    connection,
    audience: 'smi-mesh',
    identity: controlPlane,
    hosts: [host],
    ...options,
  });
  servers.push(server);
  return server;
}

let files = 0;
function asking(server: IdentityServer, token: string, pod: string): SvidRequestOptions {
  files += 1;
  const tokenFile = join(folder, `token-${files}`);
  writeFileSync(tokenFile, token);
  const { port } = server;
  return {
    address: '127.0.0.1',
    port,
    serverName: host,
    serverIdentity: controlPlane,
    trustBundleFile,
    tokenFile,
    pod,
  };
}

async function podWithToken(name: string, account = 'buyer'): Promise<{ uid: string; token: string }> {
  const uid = await createPod(admin, 'shop', name, account);
  return { uid, token: await accountToken(admin, { namespace: 'shop', account, pod: { name, uid } }) };
}

describe('a pod', () => {
  test('gets the identity of its account by its token, with a key that it made', async () => {
    const { token } = await podWithToken('buyer-1');
    const server = await serve({ svidLifetimeSeconds: 1_800 });
    const answer = await requestSvid(asking(server, token, 'buyer-1'));
    if (!answer.ok) throw new Error(answer.error.because);
    const leaf = new X509Certificate(answer.value.certificateChain);
    expect(leaf.subjectAltName).toBe('URI:spiffe://cluster.local/ns/shop/sa/buyer');
    expect(leaf.verify(new X509Certificate(authority.trustBundle).publicKey)).toBe(true);
    expect(answer.value.trustBundle).toBe(authority.trustBundle);
    expect(server.counters()).toMatchObject({ issued: 1 });
  });

  test('that takes the token of another pod gets nothing', async () => {
    const { token } = await podWithToken('thief-1', 'thief');
    const server = await serve();
    expect(await requestSvid(asking(server, token, 'buyer-1'))).toEqual({
      ok: false,
      error: { because: 'the identity server refuses (403): the token is of another pod' },
    });
    expect(server.counters()).toMatchObject({ issued: 0, forbidden: 1 });
  });

  test('of the account of the control plane does not become the control plane', async () => {
    await created(admin, '/api/v1/namespaces', { metadata: { name: 'smi-mesh-system' } });
    await createAccount(admin, 'smi-mesh-system', 'control-plane');
    const uid = await createPod(admin, 'smi-mesh-system', 'false', 'control-plane');
    const wish = { namespace: 'smi-mesh-system', account: 'control-plane', pod: { name: 'false', uid } };
    const answer = await requestSvid(asking(await serve(), await accountToken(admin, wish), 'false'));
    expect(answer).toMatchObject({ ok: false, error: { because: expect.stringContaining('(403)') } });
  });
});

describe('a token is refused', () => {
  test.each([
    ['of another audience', { audience: 'vault' }],
    ['that is bound to no pod', { pod: undefined }],
  ])('%s', async (_, change) => {
    const name = `wrong-${Object.keys(change)[0]}`;
    const uid = await createPod(admin, 'shop', name, 'buyer');
    const wish = { namespace: 'shop', account: 'buyer', pod: { name, uid }, ...change };
    const answer = await requestSvid(asking(await serve(), await accountToken(admin, wish), name));
    expect(answer).toMatchObject({ ok: false, error: { because: expect.stringContaining('(401)') } });
  });

  test('that has expired', async () => {
    const { token } = await podWithToken('expired');
    const server = await serve();
    // Signed like the good one, so that it is the time alone that is wrong.
    const now = Math.floor(Date.now() / 1000);
    const still = resigned(cluster, token, { exp: now + 300 });
    expect(await requestSvid(asking(server, still, 'expired'))).toMatchObject({ ok: true });
    const over = resigned(cluster, token, { iat: now - 900, nbf: now - 900, exp: now - 300 });
    const answer = await requestSvid(asking(server, over, 'expired'));
    expect(answer).toMatchObject({ ok: false, error: { because: expect.stringContaining('(401)') } });
  });

  test('that somebody else has signed, and that is none', async () => {
    const { token } = await podWithToken('forged');
    const server = await serve();
    const [head, payload, signature = ''] = token.split('.');
    const forged = `${head}.${payload}.${signature.split('').toReversed().join('')}`;
    for (const bad of [forged, 'nonsense', 'x'.repeat(10_000)]) {
      expect(await requestSvid(asking(server, bad, 'forged'))).toMatchObject({ ok: false });
    }
    expect(server.counters()).toMatchObject({ issued: 0, 'token-refused': 3 });
  });

  test.each([
    ['pod', '/api/v1/namespaces/shop/pods/gone-pod?gracePeriodSeconds=0'],
    ['account', '/api/v1/namespaces/shop/serviceaccounts/gone'],
  ])('whose %s was deleted', async (what, path) => {
    await createAccount(admin, 'shop', 'gone').catch(() => undefined);
    const name = `gone-${what}`;
    const { token } = await podWithToken(name, 'gone');
    expect((await admin.delete(path)).status).toBe(200);
    // What the server remembers it forgets within seconds; a new one has nothing to remember.
    let last = '';
    await until(
      async () => {
        const answer = await requestSvid(asking(await serve(), token, name));
        last = answer.ok ? 'a certificate' : answer.error.because;
        return last.includes('(401)');
      },
      30_000,
      () => last,
    );
  });
});

describe('a server that cannot ask', () => {
  test('gives no certificate and says when to come again; the caller does, and gets one when it can', async () => {
    const { token } = await podWithToken('patient');
    let away = true;
    const flaky: Pick<Connection, 'send'> = {
      send: (...request) => (away ? dead.send(...request) : connection.send(...request)),
    };
    const dead = await connectionOf(deadKubeconfig());
    const server = await serve({ connection: flaky });
    const options = asking(server, token, 'patient');
    expect(await requestSvid(options)).toEqual({
      ok: false,
      error: { because: expect.stringContaining('(503)'), retryMillis: 2_000 },
    });
    const waits: number[] = [];
    const svid = await awaitSvid({
      ...options,
      signal: AbortSignal.timeout(30_000),
      onRetry: (_, millis) => {
        waits.push(millis);
        away = false;
      },
    });
    expect(svid?.certificateChain).toContain('BEGIN CERTIFICATE');
    expect(waits).toHaveLength(1);
    expect(waits[0]).toBeGreaterThanOrEqual(1_000);
  });

  test('is asked once for many questions with one token, and within the rate of the account', async () => {
    const { token } = await podWithToken('eager');
    let reviews = 0;
    const counting: Pick<Connection, 'send'> = {
      send: (...request) => {
        reviews += 1;
        return connection.send(...request);
      },
    };
    const server = await serve({ connection: counting, accountRate: { perSecond: 0, burst: 3 } });
    const options = asking(server, token, 'eager');
    const answers = await Promise.all(Array.from({ length: 8 }, () => requestSvid(options)));
    expect(answers.filter(({ ok }) => ok)).toHaveLength(3);
    expect(answers.filter((answer) => !answer.ok && answer.error.because.includes('(429)'))).toHaveLength(5);
    expect(reviews).toBe(1);
  });
});

test('a caller gives its token to nobody but the control plane', async () => {
  const { token } = await podWithToken('careful');
  const seen: string[] = [];
  const onEvent = ({ outcome }: { readonly outcome: string }) => seen.push(outcome);
  const stranger = await serve({ authority: await createAuthority({ trustDomain }), onEvent });
  const member = await serve({ identity: spiffeId(trustDomain, 'shop', 'thief'), onEvent });
  const elsewhere = await serve({ hosts: ['elsewhere.svc'], onEvent });
  for (const server of [stranger, member, elsewhere]) {
    const answer = await requestSvid(asking(server, token, 'careful'));
    expect(answer).toMatchObject({ ok: false, error: { because: expect.stringContaining('gives no answer') } });
  }
  expect(seen).toEqual([]);
});

function deadKubeconfig(): string {
  const file = join(folder, 'dead-kubeconfig');
  writeFileSync(
    file,
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'dead', cluster: { server: 'https://127.0.0.1:1' } }],
      users: [{ name: 'dead', user: { token: 'dead' } }],
      contexts: [{ name: 'dead', context: { cluster: 'dead', user: 'dead' } }],
      'current-context': 'dead',
    }),
  );
  return file;
}
