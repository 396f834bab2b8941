import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askPeer, type Peer } from '../../../../../src/control/cluster/peers/ask-peer.ts';
import type { ObjectVersion } from '../../../../../src/control/cluster/peers/contract.ts';
import { type PeerServer, startPeerServer } from '../../../../../src/control/cluster/peers/peer-server.ts';
import { Progress } from '../../../../../src/control/cluster/peers/progress.ts';
import { objectKey } from '../../../../../src/diagnostics/origin.ts';
import { type Authority, createAuthority } from '../../../../../src/identity/authority.ts';
import { spiffeId } from '../../../../../src/lib/spiffe.ts';

const identity = spiffeId('cluster.local', 'smi-mesh-system', 'control-plane');
const stranger = spiffeId('cluster.local', 'default', 'thief');
const version = (name: string, generation = 1): ObjectVersion => ({
  object: objectKey('split.smi-spec.io', 'TrafficSplit', 'shop', name),
  uid: name,
  generation,
});

describe('replicas that ask each other', () => {
  let authority: Authority;
  let server: PeerServer;
  let peer: Peer;
  beforeAll(async () => {
    authority = await createAuthority({ trustDomain: 'cluster.local' });
    server = await startPeerServer({
      address: '127.0.0.1',
      port: 0,
      identity,
      svid: await authority.issue(identity),
      landed: ({ uid, generation }) => uid === 'a' && generation <= 2,
    });
    peer = { address: '127.0.0.1', port: server.port };
  });
  afterAll(() => server.close());

  it('learn what has landed', async () => {
    const svid = await authority.issue(identity);
    const asked = [version('a', 2), version('b')];
    expect(await askPeer(peer, asked, svid, identity)).toEqual(new Set([version('a').object]));
    expect(await askPeer(peer, [version('a', 3)], svid, identity)).toEqual(new Set());
  });

  it('go on with a certificate that was renewed', async () => {
    server.rotate(await authority.issue(identity));
    expect(await askPeer(peer, [version('a')], await authority.issue(identity), identity)).toBeDefined();
  });

  it('tell a workload of the mesh, and somebody of another authority, nothing', async () => {
    expect(await askPeer(peer, [version('a')], await authority.issue(stranger), identity)).toBeUndefined();
    const other = await createAuthority({ trustDomain: 'cluster.local' });
    const forged = { ...(await other.issue(identity)), trustBundle: authority.trustBundle };
    expect(await askPeer(peer, [version('a')], forged, identity)).toBeUndefined();
  });

  it('do not believe a server that is no replica', async () => {
    expect(await askPeer(peer, [version('a')], await authority.issue(identity), stranger)).toBeUndefined();
  });
});

describe('what has landed at the proxies of all replicas', () => {
  it('needs the answer of each, and is asked for once', async () => {
    const asked: number[] = [];
    const answers: Record<number, ReadonlySet<ObjectVersion['object']> | undefined> = {};
    const progress = new Progress({
      landedHere: () => true,
      peers: () => [1, 2].map((port) => ({ address: '127.0.0.1', port })),
      ask: ({ port }) => {
        asked.push(port);
        return Promise.resolve(answers[port]);
      },
    });
    const one = version('a');
    answers[1] = new Set([one.object]);
    expect(await progress.refresh([one])).toEqual({ landed: false, open: true });
    answers[2] = new Set();
    expect(await progress.refresh([one])).toEqual({ landed: false, open: true });
    expect(progress.landed(one)).toBe(false);
    answers[2] = answers[1];
    expect(await progress.refresh([one])).toEqual({ landed: true, open: false });
    expect(progress.landed(one)).toBe(true);
    expect(asked).toHaveLength(6);
    expect(await progress.refresh([one])).toEqual({ landed: false, open: false });
    expect(asked).toHaveLength(6);
    expect(progress.landed(version('a', 2))).toBe(false);
  });

  it('asks nobody about what has not landed here', async () => {
    const progress = new Progress({
      landedHere: () => false,
      peers: () => [{ address: '127.0.0.1', port: 1 }],
      ask: () => Promise.reject(new Error('nobody is to ask')),
    });
    expect(await progress.refresh([version('a')])).toEqual({ landed: false, open: true });
  });
});
