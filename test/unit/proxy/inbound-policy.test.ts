import { describe, expect, it } from 'vitest';
import { resourceFromJson } from '../../../src/proxy/config/decode.ts';
import { InboundTable } from '../../../src/proxy/routing/inbound-table.ts';
import { MetricsRegistry } from '../../../src/telemetry/registry.ts';

const anything = [{ anyPort: true, anyHttp: true }];
const policy = (grant: object) =>
  resourceFromJson({
    typeUrl: 'type.googleapis.com/smi.proxy.v1.InboundPolicy',
    name: 'default/server',
    grants: [{ rule: 'default/t', to: anything, ...grant }],
  });

describe('an inbound policy', () => {
  it('may name identities, pods, or both', () => {
    const pods = [{ identity: 'spiffe://cluster.local/ns/default/sa/shop', addresses: ['10.0.0.1', 'fd00::1'] }];
    expect(policy({ identities: ['spiffe://cluster.local/ns/default/sa/a'] }).ok).toBe(true);
    expect(policy({ pods }).ok).toBe(true);
    expect(policy({ pods: [{ ...pods[0], addresses: [] }] }).ok).toBe(true);
  });

  it.each([
    ['nobody', {}, 'identities: empty, and no pods'],
    ['pods without identity', { pods: [{ addresses: ['10.0.0.1'] }] }, 'grants[0].pods[0].identity: empty'],
    [
      'a host name as address',
      { pods: [{ identity: 'spiffe://a/b', addresses: ['host'] }] },
      'grants[0].pods[0].addresses: "host" is no IP address',
    ],
  ])('is refused with %s', (_, grant, fault) => {
    expect(policy(grant)).toMatchObject({ ok: false, error: expect.stringContaining(fault) });
  });
});

describe('access of a peer', () => {
  const shop = 'spiffe://cluster.local/ns/default/sa/shop';
  const table = new InboundTable(
    { name: 'default/server', identity: 'spiffe://cluster.local/ns/default/sa/server', owner: '' },
    {
      mode: 'DENY',
      grants: [
        { rule: 'pods', identities: new Set(), pods: new Map([[shop, new Set(['10.0.0.1'])]]), matches: undefined },
        { rule: 'all', identities: new Set(['spiffe://x/y']), pods: new Map(), matches: undefined },
      ],
      limits: [],
    },
    new MetricsRegistry(),
  );
  const rules = (peer: string, address: string) => table.access(peer, address).grants.map(({ rule }) => rule);

  it('asks for identity and address, in any order of arrival', () => {
    expect(rules(shop, '10.0.0.2')).toEqual([]);
    expect(rules(shop, '10.0.0.1')).toEqual(['pods']);
    expect(rules('spiffe://x/y', '10.0.0.1')).toEqual(['all']);
    expect(rules(shop, '')).toEqual([]);
    expect(rules(shop, '10.0.0.1')).toEqual(['pods']);
    expect(rules('spiffe://x/y', '10.0.0.2')).toEqual(['all']);
  });

  it('remembers peers by address only where an address decides', () => {
    expect(table.access(shop, '10.0.0.2')).toBe(table.access(shop, '10.0.0.3'));
    expect(table.access(shop, '10.0.0.1')).not.toBe(table.access(shop, '10.0.0.2'));
  });
});
