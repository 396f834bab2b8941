import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { referenceCodes } from '../../../src/diagnostics/codes/references.ts';
import { semanticsCodes } from '../../../src/diagnostics/codes/semantics.ts';

describe('docs/semantics.md', () => {
  it('names every code of references and semantics, and no other', () => {
    const page = readFileSync(new URL('../../../docs/semantics.md', import.meta.url), 'utf8');
    const named = [...new Set(page.match(/SMI[34]\d{3}/g))].sort();
    expect(named).toEqual([...Object.keys(referenceCodes), ...Object.keys(semanticsCodes)].sort());
  });
});
