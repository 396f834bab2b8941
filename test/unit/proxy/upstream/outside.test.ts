import { afterEach, describe, expect, it } from 'vitest';
import { programSettings } from '../../../../src/proxy/config/cluster-policy.ts';
import { limits } from '../../../../src/proxy/limits.ts';
import { Ticker } from '../../../../src/proxy/ticker.ts';
import { Dialer } from '../../../../src/proxy/upstream/dial.ts';
import { Names } from '../../../../src/proxy/upstream/names.ts';
import { Outside, outsideGuard } from '../../../../src/proxy/upstream/outside.ts';
import { MetricsRegistry } from '../../../../src/telemetry/registry.ts';

const silent = { resolve4: () => Promise.resolve([]), resolve6: () => Promise.resolve([]) };
const ticker = new Ticker();
afterEach(() => ticker.stop());

function outside(): Outside {
  const environment = { prober: { probe: () => {} }, random: Math.random };
  return new Outside(new Dialer(new Names(silent)), ticker, new MetricsRegistry(), programSettings, environment);
}

const host = (address: string, port = 80) => ({ address, port, identity: '' });

describe('hosts outside the mesh', () => {
  it('keep their connections while they are asked for', () => {
    const hosts = outside();
    const first = hosts.cluster(host('a.example'));
    expect(hosts.cluster(host('a.example'))).toBe(first);
    expect(hosts.cluster(host('a.example', 81))).not.toBe(first);
  });

  it('give way to others, the one first that was not asked for longest', () => {
    const hosts = outside();
    const old = hosts.cluster(host('old.example'));
    const kept = hosts.cluster(host('kept.example'));
    for (let index = 2; index < limits.outsideHosts; index += 1) hosts.cluster(host(`h${index}.example`));
    hosts.cluster(host('old.example'));
    hosts.cluster(host('new.example'));
    expect(hosts.cluster(host('old.example'))).toBe(old);
    expect(hosts.cluster(host('kept.example'))).not.toBe(kept);
  });

  it('do not give way while requests are under way', () => {
    const hosts = outside();
    for (let index = 0; index < limits.outsideHosts; index += 1) {
      hosts.cluster(host(`h${index}.example`))!.endpoints[0]!.pool.outstanding = 1;
    }
    expect(hosts.cluster(host('one-more.example'))).toBeUndefined();
  });
});

describe('what is passed on', () => {
  it.each([
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '::ffff:127.0.0.1',
    '0.0.0.0',
    '::',
    '169.254.169.254',
    'fe80::1',
    '224.0.0.1',
    'ff02::1',
    'nothing',
  ])('never goes to %s', (address) => {
    expect(outsideGuard('127.0.0.1')(address)).toBe(false);
  });

  it('never comes back to the listener, and may go to other pods of one machine', () => {
    const guard = outsideGuard('127.10.0.1');
    expect(guard('127.10.0.1')).toBe(false);
    expect(guard('127.0.0.1')).toBe(false);
    expect(guard('127.10.0.2')).toBe(true);
  });

  it.each(['192.0.2.1', '10.0.0.1', '2001:db8::1'])('may go to %s', (address) => {
    expect(outsideGuard('127.0.0.1')(address)).toBe(true);
  });
});
