import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadCases } from '../../src/conformance/load.ts';
import { readsCluster } from '../../src/conformance/reads.ts';
import { buildReport } from '../../src/conformance/report/build.ts';
import { runConformance } from '../../src/conformance/run.ts';
import { readMesh } from '../../src/conformance/targets/description.ts';
import { programTarget } from '../../src/conformance/targets/program/target.ts';

/** Somebody else's mesh: the report must say of it what is wrong, and nothing else. */

const faults: Readonly<Record<string, readonly string[]>> = {
  'empty-sources-are-anyone': ['access/no-sources'],
  'namespaces-of-sources-ignored': ['access/source-elsewhere', 'access/source-namespace-omitted'],
  'header-expressions-are-text': ['routes/header', 'routes/header-anchors', 'routes/header-contains'],
  'split-matches-ignored': [
    'split/matches-all-parts',
    'split/matches-api-group',
    'split/matches-group-appears',
    'split/matches-groups',
    'split/matches-method',
    'split/matches-one-is-enough',
    'split/matches-path',
    'split/matches-weights',
    'split/matches@v1alpha3',
    'split/matches@v1alpha4',
  ],
  'weights-are-rounded': ['split/zero-beside-thirds'],
};

const loaded = loadCases();
const cases = (loaded.ok ? loaded.value : []).filter((each) => each.level === 'core' && !readsCluster(each));

async function reportOf(names: readonly string[]) {
  const mesh = readMesh(join(import.meta.dirname, 'foreign-mesh', 'mesh.yaml'));
  if (!mesh.ok || mesh.value.kind !== 'program') throw new Error('the target file is wrong');
  const [, ...args] = mesh.value.command;
  const switches = names.flatMap((name) => ['--fault', name]);
  const target = programTarget({ ...mesh.value, command: [process.execPath, ...args, ...switches] });
  const results = await runConformance({ cases, target });
  return buildReport(results, target, { date: new Date(0), gaps: [] });
}

async function failed(names: readonly string[]): Promise<readonly string[]> {
  const { apis } = await reportOf(names);
  return apis.flatMap(({ core }) => core.failedCases).sort();
}

describe('a mesh that was written from the description of target files', { timeout: 300_000 }, () => {
  test('passes every case that it can run', async () => {
    const report = await reportOf([]);
    const wrong = report.cases.filter(({ result }) => result === 'failed');
    expect(wrong.map(({ name, reasons }) => `${name}: ${reasons.join('; ')}`)).toEqual([]);
    expect(report).toMatchObject({ result: 'partial', implementation: { project: 'foreign-mesh' } });
    expect(report.cases.filter(({ result }) => result === 'passed').length).toBeGreaterThan(100);
  });

  test.each(Object.entries(faults))('is found out where it has %s, and nowhere else', async (name, where) => {
    expect(await failed([name])).toEqual(where);
  });

  test('is found out for all of it at once', async () => {
    expect(await failed(Object.keys(faults))).toEqual(Object.values(faults).flat().sort());
  });
});
