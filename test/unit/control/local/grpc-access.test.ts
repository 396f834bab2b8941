import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { grpcBootstrap } from '../../../../adapters/grpc/bootstrap.ts';
import { GrpcAccess } from '../../../../src/control/local/grpc-access.ts';
import { createAuthority } from '../../../../src/identity/authority.ts';
import { spiffeId } from '../../../../src/lib/spiffe.ts';
import { pod } from '../../../support/objects.ts';

const identity = spiffeId('cluster.local', 'default', 'buyer');

let directory: string;
let access: GrpcAccess | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'smi-grpc-'));
});
afterEach(() => {
  access?.stop();
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

async function create() {
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  let away = false;
  access = new GrpcAccess({
    pod: pod('buyer'),
    directory,
    bootstrap: grpcBootstrap,
    enrol: async () => {
      if (away) throw new Error('the control plane is away');
      return { svid: await authority.issue(identity, { lifetimeSeconds: 3600 }) };
    },
  });
  return { access, leave: () => (away = true) };
}

function certificateOf(path: string): X509Certificate {
  const [provider] = Object.values(JSON.parse(readFileSync(path, 'utf8')).certificate_providers) as {
    config: { certificate_file: string };
  }[];
  return new X509Certificate(readFileSync(provider!.config.certificate_file));
}

describe('what gRPC clients of a pod find', () => {
  it('a bootstrap that names the socket, the node and private files', async () => {
    const { access } = await create();
    await access.prepare();
    const config = JSON.parse(readFileSync(access.path, 'utf8'));
    expect(config.xds_servers).toEqual([
      { server_uri: `unix:${directory}/xds.sock`, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] },
    ]);
    expect(config.node).toEqual({ id: 'default/buyer', locality: {} });
    const { private_key_file: key } = config.certificate_providers['smi-mesh'].config;
    expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(certificateOf(access.path).subjectAltName).toBe(`URI:${identity}`);
  });

  it('a new certificate when half of its life is over, not before', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { access } = await create();
    await access.prepare();
    const first = certificateOf(access.path).serialNumber;
    vi.setSystemTime(Date.now() + 1_000_000);
    await access.prepare();
    expect(certificateOf(access.path).serialNumber).toBe(first);
    vi.setSystemTime(Date.now() + 1_000_000);
    await access.prepare();
    expect(certificateOf(access.path).serialNumber).not.toBe(first);
  });

  it('the certificate of before while the control plane is away, and none where there was none', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const { access, leave } = await create();
    await access.prepare();
    leave();
    vi.setSystemTime(Date.now() + 3_000_000);
    await expect(access.prepare()).resolves.toBeUndefined();
    access.stop();
    const other = await create();
    other.leave();
    await expect(other.access.prepare()).rejects.toThrow('away');
  });

  it('nothing once the pod has gone', async () => {
    const { access } = await create();
    await access.prepare();
    access.stop();
    expect(existsSync(access.path)).toBe(false);
  });
});
