import { expect, test } from 'vitest';
import { measureMesh } from '../../../bench/compile/measure.ts';
import { renderCompile } from '../../../bench/compile/report.ts';

test('a small mesh is measured with proxies connected, and the table says which limits are met', () => {
  const figures = measureMesh({ services: 20, changes: 3, connected: [1] });
  expect(figures.published.map(({ adapter, connected }) => [adapter, connected])).toEqual([
    ['proxy', 1],
    ['envoy', 1],
  ]);
  for (const { p50, p99 } of Object.values(figures.changes)) {
    expect(p50).toBeGreaterThan(0);
    expect(p99).toBeGreaterThanOrEqual(p50);
  }
  const slow = { ...figures, services: 40, compile: 6_000, megabytes: 100 };
  const text = renderCompile({ name: 'compile', changes: 3, meshes: [{ ...figures, compile: 1 }, slow] });
  expect(text).toMatch(/^\| what +\| 20 Services \| 40 Services \| +limit \| met \|$/m);
  expect(text).toMatch(/^\| compile everything +\| +1\.00 ms \| +6000 ms \| 5000 ms \| +NO \|$/m);
  expect(text).toMatch(/^\| envoy: a weight of a split, p50 /m);
}, 60_000);
