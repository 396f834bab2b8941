import { describe, expect, it } from 'vitest';
import { canonicalIp } from '../../../src/lib/ip-address.ts';

describe('the spelling of an address', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:10.0.0.1', '10.0.0.1'],
    ['::ffff:a00:1', '10.0.0.1'],
    ['0:0:0:0:0:ffff:7f00:1', '127.0.0.1'],
    ['FD00:0:0::1', 'fd00::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1', '::1'],
  ])('%s is %s', (text, address) => {
    expect(canonicalIp(text)).toBe(address);
  });

  it.each(['', 'localhost', '10.0.0', '010.0.0.1', '::ffff:300.0.0.1', '10.0.0.1:80', '[::1]'])(
    '%s is none',
    (text) => {
      expect(canonicalIp(text)).toBeUndefined();
    },
  );
});
