import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { renderCatalogue } from '../../../scripts/diagnostics-doc.ts';
import { catalogue } from '../../../src/diagnostics/catalogue.ts';
import { adapterCodes } from '../../../src/diagnostics/codes/adapters.ts';
import { readingCodes } from '../../../src/diagnostics/codes/reading.ts';
import { referenceCodes } from '../../../src/diagnostics/codes/references.ts';
import { runtimeCodes } from '../../../src/diagnostics/codes/runtime.ts';
import { semanticsCodes } from '../../../src/diagnostics/codes/semantics.ts';
import { shapeCodes } from '../../../src/diagnostics/codes/shape.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const page = readFileSync(join(root, 'docs/diagnostics.md'), 'utf8');

test('the page of diagnostics is current (node scripts/diagnostics-doc.ts writes it)', () => {
  expect(page).toBe(renderCatalogue());
});

test('every code has a heading on the page, and every heading is a code', () => {
  const headings = [...page.matchAll(/^### (SMI\d+): /gm)].map((found) => found[1]);
  expect(headings).toEqual(Object.keys(catalogue).sort());
});

test('codes stand in the range of their file', () => {
  const files = {
    1: readingCodes,
    2: shapeCodes,
    3: referenceCodes,
    4: semanticsCodes,
    5: adapterCodes,
    6: runtimeCodes,
  };
  for (const [digit, codes] of Object.entries(files)) {
    for (const code of Object.keys(codes)) expect(code).toMatch(new RegExp(`^SMI${digit}\\d{3}$`));
  }
});

test('every entry says what it means and what to do, in sentences', () => {
  for (const [code, { title, explanation, hint }] of Object.entries(catalogue)) {
    expect(title, code).not.toMatch(/\.$/);
    expect(explanation, code).toMatch(/\.$/);
    expect(hint, code).toMatch(/^[A-Z].*\.$/);
  }
});

test('every code is reported somewhere', () => {
  const sources = ['src', 'adapters'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.startsWith('diagnostics/codes'))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
  const text = sources.join('\n');
  expect(Object.keys(catalogue).filter((code) => !text.includes(`'${code}'`))).toEqual([]);
});
