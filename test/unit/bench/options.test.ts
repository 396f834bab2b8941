import { expect, test } from 'vitest';
import { parseOptions } from '../../../bench/options.ts';

const defaults = { benchmark: 'data-plane', output: 'table', seconds: 5, rounds: 3, connections: 64 };

test('a benchmark without options takes the defaults', () => {
  expect(parseOptions(['http1'])).toEqual({ ok: true, value: { ...defaults, names: ['http1'] } });
});

test('several are run in the order in which they are named, and all of the data plane without a name', () => {
  expect(parseOptions(['tls', 'grpc'])).toEqual({ ok: true, value: { ...defaults, names: ['tls', 'grpc'] } });
  const names = ['http1', 'http1-mtls', 'http2', 'grpc', 'tcp', 'tls'];
  expect(parseOptions(['--rounds', '1'])).toEqual({ ok: true, value: { ...defaults, rounds: 1, names } });
});

test('the frontend has options of its own', () => {
  expect(parseOptions(['frontend', '--manifests', '100', '-o', 'json'])).toEqual({
    ok: true,
    value: { benchmark: 'frontend', output: 'json', manifests: 100, services: 1000, rounds: 3 },
  });
});

test('the ADS server has options of its own', () => {
  const counts = ['--clients', '10,20', '--meshes', '100'];
  expect(parseOptions(['xds', ...counts, '--services', '50', '--subjects', 'smi-mesh', '--wildcard', '--tls'])).toEqual(
    {
      ok: true,
      value: {
        benchmark: 'xds',
        output: 'table',
        seconds: 5,
        rounds: 3,
        clients: [10, 20],
        services: 50,
        meshes: [100],
        wildcard: true,
        tls: true,
        subjects: ['smi-mesh'],
      },
    },
  );
});

test('all options are read', () => {
  const numbers = ['--seconds', '2', '--rounds', '1', '--connections', '16'];
  expect(
    parseOptions(['http1', '-o', 'json', ...numbers, '--subjects', 'envoy,smi-mesh', '--profile', 'x']),
  ).toMatchObject({
    value: { output: 'json', seconds: 2, rounds: 1, connections: 16, subjects: ['envoy', 'smi-mesh'], profile: 'x' },
  });
});

test.each([
  [['http9'], 'no benchmark http9'],
  [['http1', '-o', 'xml'], '-o takes table or json'],
  [['http1', '--seconds', '0'], '--seconds takes a whole number'],
  [['http1', '--rounds', '1.5'], '--rounds takes a whole number'],
  [['http1', '--fast'], '--fast'],
  [['http1', 'frontend'], 'frontend'],
  [['frontend', '--seconds', '1'], '--seconds'],
  [['xds', '--clients', '10,'], '--clients takes a whole number'],
])('%j is wrong use', (args, says) => {
  expect(parseOptions(args)).toEqual({ ok: false, error: expect.stringContaining(says) });
});
