import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type WrittenManifests, writeManifests } from '../../../bench/frontend/manifests.ts';
import { renderFrontend } from '../../../bench/frontend/report.ts';
import { measureStages } from '../../../bench/frontend/stages.ts';
import { assemble } from '../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import { readSources } from '../../../src/source/read.ts';

let folder: string;
let written: WrittenManifests;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'smi-bench-test-'));
  written = writeManifests(folder, { manifests: 400, services: 40 });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the manifests have the counts asked for, and no fault', () => {
  const sources = readSources([folder]);
  expect(written.documents).toBe(400);
  expect(sources.documents).toHaveLength(400);
  expect(sources.documents.filter(({ kind }) => kind === 'Service')).toHaveLength(40);
  const { input, diagnostics } = assemble(sources.documents);
  const compiled = createCompiler().compile(input, defaultCompileOptions);
  const faults = [...sources.diagnostics, ...diagnostics, ...compiled.diagnostics];
  expect(faults.filter(({ severity }) => severity !== 'info')).toEqual([]);
});

test('every stage is measured, and the question is answered with yes', () => {
  const stages = measureStages(folder, written);
  for (const millis of Object.values(stages)) expect(millis).toBeGreaterThan(0);
});

test('the table says which limits are met', () => {
  const text = renderFrontend({
    name: 'frontend',
    input: { documents: 10, files: 1, bytes: 1_000_000, services: 4 },
    figures: [
      { name: 'fast', value: 1.234, unit: 'ms', limit: 2 },
      { name: 'slow', value: 3, unit: 'ms', limit: 2 },
      { name: 'rate', value: 1234.5, unit: 'documents/s' },
    ],
    notes: ['A note.'],
  });
  expect(text).toMatch(/^10 documents in 1 files \(1\.0 MB\), 4 Services$/m);
  expect(text).toMatch(/^\| fast +\| +1\.23 ms \| +2 ms \| +yes \|$/m);
  expect(text).toMatch(/^\| slow +\| +3\.00 ms \| +2 ms \| +NO \|$/m);
  expect(text).toMatch(/^\| rate +\| +12\d\d documents\/s \| +- \| +- \|$/m);
  expect(text).toContain('A note.');
});
