import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ConformanceCase } from '../../../src/conformance/case.ts';
import { lackOf } from '../../../src/conformance/lacks.ts';
import { loadCases, loadGaps } from '../../../src/conformance/load.ts';
import { runConformance } from '../../../src/conformance/run.ts';
import { simulatedTarget } from '../../../src/conformance/targets/simulated.ts';
import { clauses } from '../../clauses.ts';

const folder = mkdtempSync(join(tmpdir(), 'smi-cases-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const loaded = loadCases();
const cases: readonly ConformanceCase[] = loaded.ok ? loaded.value : [];

describe('the suite', () => {
  test('has cases that are as the schema says', () => {
    expect(loaded.ok ? [] : loaded.error).toEqual([]);
  });

  test('has no two cases of one name or one namespace', () => {
    const namespaces = cases.flatMap((each) => each.namespaces);
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
    expect(new Set(namespaces).size).toBe(namespaces.length);
    expect(namespaces.filter((name) => name.length > 63)).toEqual([]);
  });

  test('names clauses that there are', () => {
    const unknown = cases.flatMap((each) => each.clauses.filter((clause) => !(clause in clauses)));
    expect(unknown).toEqual([]);
  });

  test('has no gaps', () => {
    expect(loadGaps()).toEqual([]);
  });

  test('says of decide() that it conforms', async () => {
    const target = simulatedTarget();
    const results = await runConformance({ cases, target });
    const judged = results.filter(({ testCase }) => lackOf(target, testCase) === undefined);
    const wrong = judged.filter(({ result }) => result !== 'passed');
    const others = results.filter(({ testCase }) => lackOf(target, testCase) !== undefined);
    const lacking = new Set(['it needs objects of a cluster', 'it needs pods outside the mesh']);
    expect(new Set(others.flatMap(({ reasons }) => reasons))).toEqual(lacking);
    expect(wrong.map(({ testCase, reasons }) => `${testCase.name}: ${reasons.join('; ')}`)).toEqual([]);
    expect(results).toHaveLength(cases.length);
  }, 120_000);
});

describe('a case that is wrong', () => {
  const topology =
    'pods: { a: {}, b: { ports: { 80: http } } }\nservices: { b: { select: { pod: b }, ports: { 80: http/80 } } }\n';
  const head = 'title: t\napi: TrafficTarget\nfeature: f\nlevel: core\nclauses: [A-1]\ntopology: two\n';

  function faults(text: string): string {
    for (const name of ['topologies', 'cases']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'topologies', 'two.yaml'), topology);
    writeFileSync(join(folder, 'cases', 'one.yaml'), text);
    const read = loadCases(folder);
    return read.ok ? 'none' : read.error.join('\n');
  }

  test.each([
    ['nothing is wrong', `${head}expect: [{ from: a, to: b, gives: denied }]`, /^none$/],
    ['is no YAML', `${head}expect: [`, /^cases\/one.yaml: /],
    ['has an unknown field', `${head}expects: []\nexpect: [{ from: a, to: b, gives: b }]`, /additional properties/],
    ['expects nothing', head, /must have required property 'expect'/],
    ['names a pod that is not there', `${head}expect: [{ from: c, to: b, gives: b }]`, /there is no pod c/],
    ['waits for a word that means nothing', `${head}expect: [{ from: a, to: b, gives: refused }]`, /neither a pod nor/],
    ['has no topology', `${head.replace('two', 'three')}expect: [{ from: a, to: b, gives: b }]`, /no topology three/],
    ['needs too many requests', `${head}expect: [{ from: a, to: b, gives: { a: 100000, b: 1 } }]`, /too many requests/],
  ])('is told: %s', (_, text, message) => {
    expect(faults(text)).toMatch(message);
  });
});
