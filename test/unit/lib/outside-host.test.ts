import { describe, expect, it } from 'vitest';
import { outsideAuthorities, outsideHostReader } from '../../../src/lib/outside-host.ts';
import { compileRe2 } from '../../../src/lib/re2.ts';

describe('an authority means a host outside the mesh', () => {
  it.each([
    ['www.example.com:8080', 'www.example.com'],
    ['a_b.example:8080', 'a_b.example'],
    ['xn--bcher-kva.example:8080', 'xn--bcher-kva.example'],
    ['203.0.113.7:8080', '203.0.113.7'],
    ['1.0.0.1:8080', '1.0.0.1'],
    ['126.0.0.1:8080', '126.0.0.1'],
    ['128.0.0.1:8080', '128.0.0.1'],
    ['169.253.0.1:8080', '169.253.0.1'],
    ['169.255.0.1:8080', '169.255.0.1'],
    ['223.255.255.255:8080', '223.255.255.255'],
  ])('%s', (authority, host) => {
    expect(outsideHostReader(8080)(authority)).toBe(host);
  });

  it('without a port where the port is 80', () => {
    expect(outsideHostReader(80)('www.example.com')).toBe('www.example.com');
    expect(outsideHostReader(80)('www.example.com:80')).toBe('www.example.com');
  });
});

describe('an authority means nobody outside', () => {
  it.each([
    'www.example.com',
    'www.example.com:80',
    'www.example.com:8080:8080',
    'shop:8080',
    'localhost:8080',
    'a.localhost:8080',
    '127.0.0.1:8080',
    '127.1:8080',
    '0.0.0.0:8080',
    '169.254.169.254:8080',
    '224.0.0.1:8080',
    '255.255.255.255:8080',
    '256.1.1.1:8080',
    '2130706433:8080',
    '0x7f.0.0.1:8080',
    '[::1]:8080',
    '.example.com:8080',
    'a..example:8080',
    'www.example.com.:8080',
    'user@www.example.com:8080',
    '',
  ])('%s', (authority) => {
    expect(outsideHostReader(8080)(authority)).toBeUndefined();
  });
});

it('reads the same in RE2, as Envoy does', () => {
  expect(compileRe2(outsideAuthorities(80)).ok).toBe(true);
});
