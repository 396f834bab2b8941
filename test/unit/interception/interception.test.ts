import { describe, expect, it } from 'vitest';
import {
  interceptEverything,
  interceptionArguments,
  parseInterceptionArguments,
  readPorts,
  readRanges,
  readUids,
} from '../../../src/interception/interception.ts';
import { formatIpRange } from '../../../src/lib/ip-range.ts';

describe('what is not redirected', () => {
  it('is read from lists', () => {
    expect(readPorts(' 80,8080 ')).toEqual({ ok: true, value: [80, 8_080] });
    expect(readUids('0,4294967294')).toEqual({ ok: true, value: [0, 4_294_967_294] });
    expect(readPorts('')).toEqual({ ok: true, value: [] });
    const ranges = readRanges('10.0.0.0/8, 192.0.2.1, FD00:0::/8, ::1');
    expect(ranges.ok && ranges.value.map(formatIpRange)).toEqual(['10.0.0.0/8', '192.0.2.1/32', 'fd00::/8', '::1/128']);
  });

  it.each([
    [readPorts, '65536'],
    [readPorts, '80,,81'],
    [readPorts, '80-90'],
    [readPorts, Array.from({ length: 101 }, (_, index) => index + 1).join()],
    [readUids, '4294967295'],
    [readUids, '-1'],
    [readRanges, '10.0.0.0/8/8'],
    [readRanges, 'fe80::1%eth0'],
    [readRanges, '::ffff:10.0.0.0/104'],
    [readRanges, '10.0.0'],
  ])('but not from %s of %s', (read, text) => {
    expect(read(text).ok).toBe(false);
  });

  it('is read back from what was written', () => {
    const ranges = readRanges('10.0.0.0/8,::1');
    const interception = {
      excludeInboundPorts: [1],
      excludeOutboundPorts: [2, 3],
      excludeOutboundRanges: ranges.ok ? ranges.value : [],
      includeOutboundRanges: ranges.ok ? ranges.value : [],
      excludeUids: [0],
    };
    for (const call of [
      { interception, dataPlane: 'proxy' },
      { interception: interceptEverything, dataPlane: 'envoy' },
    ] as const) {
      const text = interceptionArguments(call.interception, call.dataPlane).join(' ');
      expect(parseInterceptionArguments(text)).toEqual({ ok: true, value: call });
    }
  });

  it.each([
    '',
    '--data-plane',
    '--data-plane nginx',
    '--data-plane proxy --all',
    '--data-plane proxy --exclude-uids x',
  ])('and from nothing else: %s', (text) => {
    expect(parseInterceptionArguments(text).ok).toBe(false);
  });

  it('is written as arguments', () => {
    expect(interceptionArguments(interceptEverything, 'envoy')).toEqual(['--data-plane', 'envoy']);
    const interception = { ...interceptEverything, excludeUids: [1, 2] };
    expect(interceptionArguments(interception, 'proxy').slice(2)).toEqual(['--exclude-uids', '1,2']);
  });
});
