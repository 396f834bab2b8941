import { describe, expect, it } from 'vitest';
import { limits } from '../../../../src/proxy/limits.ts';
import { type AddressGuard, type AddressSource, Names } from '../../../../src/proxy/upstream/names.ts';

type Records = readonly { readonly address: string; readonly ttl: number }[];

/** DNS whose answers a test changes; it counts the questions. */
function fixture() {
  const state = { v4: [] as Records, v6: [] as Records, failure: '', asked: 0, now: 0 };
  const answer = async (records: Records) => {
    state.asked += 1;
    if (state.failure !== '') throw Object.assign(new Error(state.failure), { code: state.failure });
    if (records.length === 0) throw Object.assign(new Error('none'), { code: 'ENODATA' });
    return records;
  };
  const source: AddressSource = { resolve4: () => answer(state.v4), resolve6: () => answer(state.v6) };
  return { state, names: new Names(source, () => state.now) };
}

function looked(names: Names, host: string, all: boolean, guard?: AddressGuard): Promise<unknown> {
  return new Promise((resolve) => {
    names.lookup(guard)(host, { all }, (error, found) => resolve(error === null ? found : error.message));
  });
}

const record = (address: string, ttl = 30) => ({ address, ttl });

describe('the addresses of a host', () => {
  it('hold as long as DNS says', async () => {
    const { state, names } = fixture();
    state.v4 = [record('192.0.2.1')];
    expect(await names.addresses('a.example')).toEqual(['192.0.2.1']);
    state.v4 = [record('192.0.2.2')];
    state.now = 29_999;
    expect(await names.addresses('a.example')).toEqual(['192.0.2.1']);
    state.now = 30_000;
    expect(await names.addresses('a.example')).toEqual(['192.0.2.2']);
  });

  it.each([
    [0, limits.dnsMinMillis],
    [1_000_000, limits.dnsMaxMillis],
  ])('with a TTL of %d hold for %d ms', async (ttl, millis) => {
    const { state, names } = fixture();
    state.v4 = [record('192.0.2.1', ttl)];
    await names.addresses('a.example');
    state.v4 = [record('192.0.2.2', ttl)];
    state.now = millis - 1;
    expect(await names.addresses('a.example')).toEqual(['192.0.2.1']);
    state.now = millis;
    expect(await names.addresses('a.example')).toEqual(['192.0.2.2']);
  });

  it('are those of IPv6 only where there is none of IPv4', async () => {
    const { state, names } = fixture();
    state.v6 = [record('2001:db8::1')];
    expect(await names.addresses('six.example')).toEqual(['2001:db8::1']);
    state.v4 = [record('192.0.2.1')];
    expect(await names.addresses('both.example')).toEqual(['192.0.2.1']);
  });

  it('are used on while DNS does not answer, for a while', async () => {
    const { state, names } = fixture();
    state.v4 = [record('192.0.2.1')];
    await names.addresses('a.example');
    state.failure = 'ETIMEOUT';
    state.now = 30_000 + limits.dnsStaleMillis - 1;
    expect(await names.addresses('a.example')).toEqual(['192.0.2.1']);
    state.now += limits.dnsFailureMillis;
    await expect(names.addresses('a.example')).rejects.toThrow('ETIMEOUT');
  });

  it('are gone when DNS says so, which is remembered shortly', async () => {
    const { state, names } = fixture();
    state.failure = 'ENOTFOUND';
    expect(await names.addresses('a.example')).toEqual([]);
    const { asked } = state;
    expect(await names.addresses('a.example')).toEqual([]);
    expect(state.asked).toBe(asked);
  });

  it('are asked for once however many want them', async () => {
    const { state, names } = fixture();
    state.v4 = [record('192.0.2.1')];
    await Promise.all(Array.from({ length: 5 }, () => names.addresses('a.example')));
    expect(state.asked).toBe(1);
  });

  it('of localhost are known (RFC 6761)', async () => {
    const { state, names } = fixture();
    expect(await names.addresses('localhost')).toEqual(['127.0.0.1']);
    expect(state.asked).toBe(0);
  });

  it('of no more hosts than the limit are remembered', async () => {
    const { state, names } = fixture();
    state.v4 = [record('192.0.2.1')];
    for (let index = 0; index <= limits.dnsNames; index += 1) await names.addresses(`h${index}.example`);
    const { asked } = state;
    await names.addresses('h1.example');
    expect(state.asked).toBe(asked);
    await names.addresses('h0.example');
    expect(state.asked).toBe(asked + 1);
  });
});

describe('a lookup for a connection', () => {
  it('begins with another address each time', async () => {
    const { state, names } = fixture();
    state.v4 = [record('192.0.2.1'), record('192.0.2.2')];
    const first = (await looked(names, 'a.example', false)) as string;
    const second = (await looked(names, 'a.example', false)) as string;
    expect([first, second].sort()).toEqual(['192.0.2.1', '192.0.2.2']);
    expect(await looked(names, 'a.example', true)).toHaveLength(2);
  });

  it('keeps to the addresses that a guard lets pass', async () => {
    const { state, names } = fixture();
    state.v4 = [record('127.0.0.1'), record('192.0.2.2')];
    const guard = (address: string) => !address.startsWith('127.');
    expect(await looked(names, 'a.example', true, guard)).toEqual([{ address: '192.0.2.2', family: 4 }]);
    expect(await looked(names, 'a.example', true, () => false)).toBe('a.example has no address to go to');
  });

  it('passes on that DNS failed', async () => {
    const { state, names } = fixture();
    state.failure = 'ESERVFAIL';
    expect(await looked(names, 'a.example', true)).toBe('ESERVFAIL');
  });
});
