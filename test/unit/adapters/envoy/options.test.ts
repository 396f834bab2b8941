import { describe, expect, it } from 'vitest';
import { parseEnvoyOptions } from '../../../../adapters/envoy/options.ts';

describe('options of the Envoy adapter', () => {
  it('have defaults', () => {
    const result = parseEnvoyOptions({});
    expect(result).toEqual(parseEnvoyOptions(undefined));
    expect(result.ok && result.value.certificates.privateKey).toBe('/var/run/smi-mesh/private-key.pem');
  });

  it('take what is given and keep the other defaults', () => {
    const result = parseEnvoyOptions({ certificates: { privateKey: '/k' }, admin: { address: '127.0.0.1', port: 1 } });
    expect(result).toMatchObject({
      ok: true,
      value: {
        certificates: { privateKey: '/k', trustBundle: '/var/run/smi-mesh/trust-bundle.pem' },
        admin: { address: '127.0.0.1', port: 1 },
      },
    });
  });

  it.each([
    [null],
    [[]],
    ['x'],
    [{ certificate: {} }],
    [{ certificates: { privateKey: 1 } }],
    [{ certificates: { inline: 'x' } }],
    [{ admin: { address: '127.0.0.1' } }],
    [{ admin: { address: '127.0.0.1', port: 70_000 } }],
    [{ secrets: 'files' }],
    [{ accessLog: { path: '/dev/stdout' } }],
    [{ accessLog: { path: '', requests: 'all' } }],
    [{ tracing: { collector: { address: 'a', port: 1 }, propagation: ['b4'] } }],
    [{ tracing: { collector: { address: '127.0.0.1' } } }],
    [{ tracing: { collector: { address: '127.0.0.1', port: 4317 }, sampling: 101 } }],
    [{ interception: { port: -1 } }],
    [{ webRoots: 1 }],
    [{ testRandomHeader: '' }],
  ])('refuse %j', (input) => {
    expect(parseEnvoyOptions(input)).toMatchObject({ ok: false, error: [{ code: 'SMI5003' }] });
  });
});
