import { expect, it } from 'vitest';
import { codeClass, namespaceOf } from '../../../src/telemetry/labels.ts';
import { readSnapshot } from '../../../src/telemetry/snapshot.ts';

it('puts codes into classes', () => {
  expect([200, 304, 404, 503, 0].map(codeClass)).toEqual(['2xx', '3xx', '4xx', '5xx', 'none']);
});

it('reads the namespace out of an identity, and out of nothing else', () => {
  expect(namespaceOf('spiffe://cluster.local/ns/shop/sa/web')).toBe('shop');
  expect(namespaceOf('spiffe://other/workload')).toBe('');
  expect(namespaceOf('')).toBe('');
});

it('refuses telemetry of a version that it does not know', () => {
  const snapshot = { version: 1, workload: 'shop/web', startedAt: 1, at: 2, overflow: 0, traffic: [] };
  expect(readSnapshot(JSON.stringify(snapshot))).toEqual({ ok: true, value: snapshot });
  for (const text of ['{"version":2,"traffic":[]}', '{"version":1}', 'null', '<html>'])
    expect(readSnapshot(text).ok).toBe(false);
});
