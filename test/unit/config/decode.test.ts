import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import { objectKey } from '../../../src/diagnostics/origin.ts';
import type { SourceDocument } from '../../../src/source/types.ts';

const schema = JSON.parse(
  readFileSync(new URL('../../../schemas/config/config.smi-mesh.io/v1alpha1/MeshConfig.json', import.meta.url), 'utf8'),
) as { readonly examples: readonly unknown[] };
const validate = new Ajv2020().compile(schema);

function read(spec: unknown, { name = 'default', kind = 'MeshConfig', version = 'v1alpha1' } = {}) {
  const apiVersion = `config.smi-mesh.io/${version}`;
  const object = { apiVersion, kind, metadata: { name }, ...(spec === undefined ? {} : { spec }) };
  const key = objectKey('config.smi-mesh.io', kind, 'default', name);
  const document = { key, apiVersion, kind, file: 'mesh.yaml', index: 0, object } as unknown as SourceDocument;
  const { input, diagnostics } = assemble([document]);
  const { model } = createCompiler().compile(input, defaultCompileOptions);
  const codes = diagnostics.map(({ code }) => code);
  return { settings: model.settings, codes, accepted: validate(object), input };
}

const defaults = defaultCompileOptions.settings;
const narrowest = {
  accessMode: 'deny',
  pathRegexMode: 'full',
  crossNamespaceTargets: 'refuse',
  outboundMode: 'registry-only',
};

describe('MeshConfig', () => {
  it.each([
    [{ accessMode: 'audit' }, { accessMode: 'audit' }],
    [
      { pathRegexMode: 'full', crossNamespaceTargets: 'allow' },
      { pathRegexMode: 'full', crossNamespaceTargets: 'allow' },
    ],
    [{ clientAccess: 'refuse' }, { clientAccess: 'refuse' }],
    [{ clientAccess: 'pass' }, {}],
    [{ metrics: 'none' }, { metrics: 'none' }],
    [{ metrics: 'all' }, {}],
    [{ outbound: 'registry-only' }, { outboundMode: 'registry-only' }],
    [{}, {}],
    [undefined, {}],
    [{ namespaces: { legacy: { pathRegexMode: 'full' } } }, {}],
  ])('%j sets %j', (spec, settings) => {
    expect(read(spec)).toMatchObject({ settings: { ...defaults, ...settings }, codes: [], accepted: true });
  });

  it.each([
    ['a value that is not known', { accessMode: 'open' }, ['SMI2005']],
    ['a misspelt field', { accesMode: 'audit' }, ['SMI2008']],
    ['a misspelt field of a namespace', { namespaces: { a: { pathRegexmode: 'full' } } }, ['SMI2008']],
    ['a wrong type', { namespaces: ['a'] }, ['SMI2003']],
    ['a namespace that is no mapping', { namespaces: { a: 'full' } }, ['SMI2003']],
  ])('%s refuses it and narrows', (_, spec, codes) => {
    expect(read({ accessMode: 'allow', ...spec })).toMatchObject({
      settings: { ...defaults, ...narrowest },
      codes,
      accepted: false,
    });
  });

  it('of another name sets nothing', () => {
    const found = read({ accessMode: 'allow' }, { name: 'mesh' });
    expect(found).toMatchObject({ settings: defaults, codes: ['SMI4034'], accepted: false });
  });

  it('has one version and one kind', () => {
    expect(read({}, { version: 'v1' }).codes).toEqual(['SMI2011']);
    expect(read({}, { kind: 'MeshSettings' }).codes).toEqual(['SMI2001']);
  });

  it('is what the examples of its schema are', () => {
    for (const example of schema.examples) expect(validate(example)).toBe(true);
  });
});
