import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, type Svid } from '../../../../src/identity/authority.ts';
import { spiffeId } from '../../../../src/lib/spiffe.ts';
import { PeerServer } from '../../../../src/proxy/listeners/peer-server.ts';
import { type TlsMaterial, tlsMaterial } from '../../../../src/proxy/tls/material.ts';
import { Dialer } from '../../../../src/proxy/upstream/dial.ts';
import { dnsSource, Names } from '../../../../src/proxy/upstream/names.ts';
import { ownAddress, until } from '../support/mesh.ts';

const port = 14443;

function material(secret: Svid): TlsMaterial {
  const made = tlsMaterial(secret);
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

describe('a port with mutual TLS', () => {
  const address = ownAddress();
  const folder = mkdtempSync(join(tmpdir(), 'smi-suites-'));
  const sockets: net.Socket[] = [];
  let server: PeerServer;

  beforeAll(async () => {
    const authority = await createAuthority({ trustDomain: 'cluster.local' });
    server = new PeerServer(
      { admission: 'mutual-tls' },
      material(await authority.issue(spiffeId('cluster.local', 'default', 'store'))),
      undefined,
      (socket) => {
        sockets.push(socket);
        socket.on('error', () => {});
        socket.write('welcome\n');
        socket.resume();
      },
    );
    await server.listen(address, port);
    const buyer = await authority.issue(spiffeId('cluster.local', 'default', 'buyer'));
    writeFileSync(join(folder, 'chain.pem'), buyer.certificateChain);
    writeFileSync(join(folder, 'key.pem'), buyer.privateKey, { mode: 0o600 });
  });

  afterAll(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
    rmSync(folder, { recursive: true });
  });

  /** What `openssl s_client` prints until the server's greeting, or until it gives up; `R` then negotiates anew. */
  function openssl(...options: string[]): Promise<string> {
    const again = options.at(-1) === 'R';
    const wanted = again ? options.slice(0, -1) : options;
    const args = ['s_client', '-connect', `${address}:${port}`, '-cert', 'chain.pem', '-key', 'key.pem', ...wanted];
    return new Promise((resolve) => {
      const child = execFile('openssl', args, { cwd: folder, timeout: 30_000 }, (_error, stdout, stderr) =>
        resolve(stdout + stderr),
      );
      let text = '';
      child.stdout?.on('data', (piece) => {
        text += piece;
        if (text.includes('welcome')) child.stdin?.end(again ? 'R\n' : '');
      });
    });
  }

  // The key of the certificate is for ECDSA, so that the suites with RSA cannot show here.
  test.each([
    ['-tls1_3', 'TLS_AES_128_GCM_SHA256'],
    ['-tls1_3', 'TLS_AES_256_GCM_SHA384'],
    ['-tls1_3', 'TLS_CHACHA20_POLY1305_SHA256'],
    ['-tls1_2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
    ['-tls1_2', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
    ['-tls1_2', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ])('speaks %s with %s', async (version, suite) => {
    const printed = await openssl(version, version === '-tls1_3' ? '-ciphersuites' : '-cipher', suite);
    expect(printed).toContain(`Cipher is ${suite}`);
    expect(printed).toContain('welcome');
  });

  test.each([
    [['-tls1_3', '-ciphersuites', 'TLS_AES_128_CCM_SHA256']],
    [['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA256']],
    [['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0']],
    [['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-CCM']],
    [['-tls1_2', '-cipher', 'AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0']],
    [['-tls1_2', '-cipher', 'aNULL:@SECLEVEL=0']],
    [['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']],
    [['-tls1', '-cipher', 'ALL:@SECLEVEL=0']],
    [['-tls1_2', '-groups', 'P-521']],
    [['-tls1_3', '-groups', 'P-521']],
  ])('refuses %s', async (options) => {
    const printed = await openssl(...options);
    expect(printed).toMatch(/alert|Cipher is \(NONE\)|no ciphers available|no protocols available/i);
    expect(printed).not.toContain('welcome');
  });

  test('chooses the suite itself', async () => {
    const printed = await openssl('-tls1_2', '-cipher', 'ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256');
    expect(printed).toContain('Cipher is ECDHE-ECDSA-AES128-GCM-SHA256');
  });

  test('does not negotiate anew', async () => {
    const printed = await openssl('-tls1_2', 'R');
    expect(printed).toMatch(/RENEGOTIATING[\s\S]*no renegotiation/);
  });

  test('takes nothing of a session that began before a root was withdrawn', async () => {
    const own = ownAddress();
    const [old, next] = await Promise.all([
      createAuthority({ trustDomain: 'cluster.local' }),
      createAuthority({ trustDomain: 'cluster.local' }),
    ]);
    const store = spiffeId('cluster.local', 'default', 'store');
    const both = old.trustBundle + next.trustBundle;
    const issued = await next.issue(store);
    const admitted: string[] = [];
    const rotating = new PeerServer(
      { admission: 'mutual-tls' },
      material({ ...issued, trustBundle: both }),
      undefined,
      (socket, peer) => {
        admitted.push(peer);
        socket.on('error', () => {});
        socket.end('welcome');
      },
    );
    await rotating.listen(own, port);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      rotating.useMaterial(material({ ...issued, trustBundle: both }));
      const buyer = await old.issue(spiffeId('cluster.local', 'default', 'buyer'));
      const connect = (session?: Buffer) =>
        tls.connect({
          host: own,
          port,
          maxVersion,
          rejectUnauthorized: false,
          cert: buyer.certificateChain,
          key: buyer.privateKey,
          ...(session === undefined ? {} : { session }),
        });
      const first = connect();
      const ticket = new Promise<Buffer>((resolve) => first.once('session', resolve));
      first.resume();
      const session = await ticket;
      const resumed = connect(session);
      await once(resumed, 'secureConnect');
      expect(resumed.isSessionReused()).toBe(true);
      resumed.destroy();
      const before = admitted.length;
      rotating.useMaterial(material(issued));
      const late = connect(session);
      late.on('error', () => {});
      late.resume();
      await until(() => late.closed, 'the end of the late connection');
      expect(admitted.slice(before)).toEqual([]);
    }
    rotating.close();
  });
});

describe('a proxy that dials', () => {
  test.each(['AES128-SHA', 'ECDHE-ECDSA-AES128-SHA'])('refuses a server that has only %s', async (ciphers) => {
    const authority = await createAuthority({ trustDomain: 'cluster.local' });
    const identity = spiffeId('cluster.local', 'default', 'store');
    const { certificateChain: cert, privateKey: key } = await authority.issue(identity);
    const weak = tls.createServer({ cert, key, ciphers, maxVersion: 'TLSv1.2' }, (socket) => socket.end('welcome'));
    weak.on('tlsClientError', () => {});
    const address = ownAddress();
    weak.listen(port, address);
    await once(weak, 'listening');
    const dialer = new Dialer(new Names(dnsSource([])));
    dialer.useMaterial(material(await authority.issue(spiffeId('cluster.local', 'default', 'buyer'))));
    let ready = false;
    const socket = dialer.dial({ address, port, identity }, () => {
      ready = true;
    });
    socket?.on('error', () => {});
    await until(() => socket?.closed === true, 'the end of the connection');
    expect(ready).toBe(false);
    weak.close();
  });
});
