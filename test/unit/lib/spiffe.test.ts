import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSpiffeId, peerSpiffeId, spiffeId } from '../../../src/lib/spiffe.ts';

const id = 'spiffe://cluster.local/ns/default/sa/web';

describe('SPIFFE ids', () => {
  it('name a service account of a trust domain', () => {
    expect(spiffeId('cluster.local', 'default', 'web')).toBe(id);
    expect(parseSpiffeId(id)).toEqual({ trustDomain: 'cluster.local', namespace: 'default', account: 'web' });
  });

  it.each([
    '',
    'spiffe://',
    'spiffe://cluster.local',
    'spiffe://cluster.local/',
    'spiffe://cluster.local/ns/default/sa/',
    'spiffe://cluster.local/ns/default/sa/web/',
    'spiffe://cluster.local/ns/default/sa/web/more',
    'spiffe://cluster.local/ns/../sa/web',
    'spiffe://cluster.local/ns/./sa/web',
    'spiffe://cluster.local//ns/default/sa/web',
    'spiffe://Cluster.local/ns/default/sa/web',
    'SPIFFE://cluster.local/ns/default/sa/web',
    'spiffe://cluster.local:443/ns/default/sa/web',
    'spiffe://user@cluster.local/ns/default/sa/web',
    'spiffe://cluster.local/ns/default/sa/web?x=1',
    'spiffe://cluster.local/ns/default/sa/web#x',
    'spiffe://cluster.local/ns/default/sa/we%62',
    'spiffe://cluster.local/ns/default/sa/wéb',
    'spiffe://cluster.local/sa/web/ns/default',
    'https://cluster.local/ns/default/sa/web',
    `spiffe://cluster.local/ns/default/sa/${'a'.repeat(2048)}`,
    ' spiffe://cluster.local/ns/default/sa/web',
    'spiffe://cluster.local/ns/default/sa/web\n',
  ])('%j is none of ours', (text) => {
    expect(parseSpiffeId(text)).toBeUndefined();
  });

  it('cannot be made of parts that would mean another path', () => {
    expect(() => spiffeId('cluster.local', 'default/sa/admin', 'x')).toThrow();
    expect(() => spiffeId('cluster.local', '..', 'x')).toThrow();
  });
});

describe('the identity of a peer certificate', () => {
  it('is its only URI, whatever names stand beside it', () => {
    expect(peerSpiffeId(`URI:${id}`)).toBe(id);
    expect(peerSpiffeId(`DNS:web.default.svc, URI:${id}, IP Address:127.0.0.1`)).toBe(id);
  });

  it.each<readonly [string | undefined, string]>([
    [undefined, 'no names'],
    ['', 'an empty list'],
    ['DNS:web', 'no URI'],
    [`URI:${id}, URI:spiffe://cluster.local/ns/default/sa/other`, 'two URIs'],
    [`URI:${id}, URI:${id}`, 'the same URI twice'],
    ['URI:https://example.com/', 'a URI of another scheme'],
    ['URI:spiffe://cluster.local', 'a trust domain alone'],
    [`DNS:x\\, URI:${id}, URI:y`, 'an escaped separator'],
    [`DNS:"x, URI:${id}`, 'an open quote'],
    [`DNS:"x, URI:${id}"`, 'a URI inside a quoted name'],
    [`URI:"${id}"`, 'a quoted URI'],
    [`DNS:x,URI:${id}`, 'a separator without space'],
    [`URI:${id}\0.evil`, 'a NUL byte'],
  ])('is nothing for %j: %s', (names) => {
    expect(peerSpiffeId(names)).toBeUndefined();
  });

  it('is never taken from inside a quoted name, whatever that says', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(peerSpiffeId(`DNS:${JSON.stringify(`${text}, URI:${id}`)}`)).toBeUndefined();
      }),
    );
  });
});
