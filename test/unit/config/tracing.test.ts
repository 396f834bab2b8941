import { describe, expect, test } from 'vitest';
import { meshConfigKey } from '../../../src/config/decode.ts';
import { decodeTracing } from '../../../src/config/tracing.ts';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { fieldOf } from '../../../src/kubernetes/field.ts';

function decode(tracing: unknown) {
  const diagnostics: Diagnostic[] = [];
  const value = decodeTracing(
    meshConfigKey,
    fieldOf(meshConfigKey, { spec: { tracing } }, diagnostics).at('spec').at('tracing'),
    diagnostics,
  );
  return { value, codes: diagnostics.map(({ code, origin }) => `${code} ${origin?.path}`) };
}

describe('the tracing of a MeshConfig', () => {
  test('is off without one', () => {
    expect(decode(undefined)).toEqual({ value: undefined, codes: [] });
  });

  test('needs no more than a collector', () => {
    expect(decode({ endpoint: 'http://collector.monitoring' }).value).toEqual({
      collector: { address: 'collector.monitoring', port: 4317 },
      protocol: 'grpc',
      sampling: 1,
      keepErrors: true,
      propagation: ['w3c'],
    });
  });

  test('takes all that it says', () => {
    const said = {
      endpoint: 'http://[::1]:80/',
      protocol: 'http',
      sampling: 0.5,
      keepErrors: false,
      keepSlow: '1s',
      propagation: ['b3', 'w3c', 'b3'],
    };
    expect(decode(said)).toEqual({
      value: {
        collector: { address: '::1', port: 80 },
        protocol: 'http',
        sampling: 0.5,
        keepErrors: false,
        keepSlowMillis: 1_000,
        propagation: ['b3', 'w3c'],
      },
      codes: [],
    });
  });

  test.each([
    [{}, 'SMI2002 spec.tracing.endpoint'],
    [{ endpoint: 'https://x' }, 'SMI2012 spec.tracing.endpoint'],
    [{ endpoint: 'http://x/path' }, 'SMI2012 spec.tracing.endpoint'],
    [{ endpoint: 'x:4317' }, 'SMI2012 spec.tracing.endpoint'],
    [{ endpoint: 'http://x', sampling: 101 }, 'SMI2004 spec.tracing.sampling'],
    [{ endpoint: 'http://x', sampling: 'all' }, 'SMI2003 spec.tracing.sampling'],
    [{ endpoint: 'http://x', keepSlow: 'soon' }, 'SMI2012 spec.tracing.keepSlow'],
    [{ endpoint: 'http://x', protocol: 'zipkin' }, 'SMI2005 spec.tracing.protocol'],
    [{ endpoint: 'http://x', propagation: ['jaeger'] }, 'SMI2005 spec.tracing.propagation[0]'],
    ['on', 'SMI2003 spec.tracing'],
  ])('%j is refused', (said, code) => {
    expect(decode(said).codes).toContain(code);
  });
});
