import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { emitFixture } from '../../../bench/xds/fixture.ts';
import { readFixture, servedTypes, writeFixtureFile } from '../../../bench/xds/fixture-file.ts';
import { renderXds, xdsVerdicts } from '../../../bench/xds/report.ts';
import type { XdsFigures, XdsMeasurement } from '../../../bench/xds/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a changed weight changes one route configuration of each service, and nothing else', () => {
  const resources = emitFixture(7, 3);
  const count = (variant: string, type: string): number =>
    resources.filter((each) => each.variant === variant && each.resource.typeUrl.endsWith(`.${type}`)).length;
  for (const type of ['Cluster', 'ClusterLoadAssignment', 'Listener', 'RouteConfiguration'])
    expect(count('a', type)).toBeGreaterThanOrEqual(7);
  expect(resources.filter(({ variant }) => variant === 'b')).toHaveLength(7);
  expect(count('b', 'RouteConfiguration')).toBe(7);
});

test('a file of resources is read as it was written', () => {
  const path = join(folder, 'fixture');
  const typeUrl = servedTypes[3] ?? '';
  const written = (['a', 'b'] as const).map((variant) => ({
    variant,
    resource: { typeUrl, name: 'routes', body: Uint8Array.from(Buffer.from(`weight ${variant}`)) },
  }));
  writeFixtureFile(path, written);
  const read = readFixture(path);
  expect(read.map(({ variant, resource: { version: _, ...resource } }) => ({ variant, resource }))).toEqual(written);
  expect(read[0]?.resource.version).not.toBe(read[1]?.resource.version);
});

function measurement(clients: number, services: number, cpu: Readonly<Record<string, number>>): XdsMeasurement {
  const figures = Object.entries(cpu).map(
    ([subject, cpuMicrosPerPush]): XdsFigures => ({
      subject,
      p50Millis: 10,
      p99Millis: 300,
      changes: 5,
      cpuMicrosPerPush,
      cpuSecondsPerChange: 0.1,
      bytesPerPush: 2500,
      rssMiB: 100,
      firstSeconds: 1,
      firstCpuSeconds: 1,
      firstMiBPerClient: 5,
    }),
  );
  return { clients, services, endpoints: 10 * services, figures };
}

test('the limits are held against the cheaper cache of go-control-plane, and against the growth of the mesh', () => {
  const cpu = { 'smi-mesh': 90, 'go-control-plane linear': 40, 'go-control-plane snapshot': 400 };
  const fleets = [measurement(1000, 1000, cpu), measurement(100, 1000, { 'smi-mesh': 90 })];
  const meshes = [measurement(100, 1000, { 'smi-mesh': 100 }), measurement(100, 5000, { 'smi-mesh': 120 })];
  expect(xdsVerdicts({ fleets, meshes }).map(({ measured, met }) => [measured, met])).toEqual([
    [300, false],
    [2.25, false],
    [null, null],
    [1.2, true],
  ]);
  const text = renderXds({ name: 'xds', versions: ['Node 24'], wildcard: false, tls: false, fleets, meshes });
  expect(text).toContain('- p99 ms, 1000 clients: 300.00 (at most 250: NO)');
  expect(text).toContain('- CPU per push, smi-mesh to go-control-plane, 100 clients: not measured');
  expect(text).toContain('- CPU per push of smi-mesh, 5000 services to 1000: 1.20 (at most 1.5: met)');
});
