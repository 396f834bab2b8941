import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { combinedSchema, crd, versionSchemas } from '../../../scripts/crds.ts';
import { crdKinds } from '../../../scripts/lib/crd-kinds.ts';
import { structuralSchema } from '../../../scripts/lib/structural.ts';
import { packageRoot } from '../../../src/lib/package-root.ts';
import { kindsOf, smiGroups, versionsOf } from '../../../src/smi/versions.ts';

type Schema = Readonly<Record<string, unknown>>;

interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly subresources: unknown;
  readonly additionalPrinterColumns: readonly { readonly name: string; readonly jsonPath: string }[];
  readonly schema: { readonly openAPIV3Schema: Schema };
}

interface Crd {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly conversion?: { readonly strategy: string };
    readonly versions: readonly Version[];
  };
}

const definitions = crdKinds.map((about) => {
  const file = join(packageRoot(), 'schemas', 'crds', `${about.plural}.${about.group}.yaml`);
  return [about.kind, about, load(readFileSync(file, 'utf8')) as Crd] as const;
});

/** Value validations and the rest that a structural schema may have (apiextensions v1). */
const keywords = new Set([
  'type',
  'description',
  'nullable',
  'properties',
  'additionalProperties',
  'items',
  'required',
  'enum',
  'pattern',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'x-kubernetes-int-or-string',
  'x-kubernetes-preserve-unknown-fields',
]);
const types = ['object', 'array', 'string', 'integer', 'number', 'boolean'];

/** What would make the apiserver refuse a schema or call it not structural, by path. */
function structuralFaults(schema: Schema, path: string): readonly string[] {
  const faults = Object.keys(schema).flatMap((key) => (keywords.has(key) ? [] : [`${path} has ${key}`]));
  const typeless = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
  if (schema.type === undefined ? !typeless : !types.includes(String(schema.type))) faults.push(`${path} has no type`);
  if (schema['x-kubernetes-int-or-string'] && schema.type !== undefined) faults.push(`${path} has two types`);
  if (schema.properties && schema.additionalProperties) faults.push(`${path} has fields of two sorts`);
  const { items, additionalProperties } = schema;
  if (schema.type === 'array' && items === undefined) faults.push(`${path} has no items`);
  if (typeof schema.pattern === 'string' && /\(\?[=!<]|\\[1-9]/.test(schema.pattern)) faults.push(`${path}: not RE2`);
  const inner: [string, unknown][] = [
    ...Object.entries((schema.properties ?? {}) as Schema).map(([name, value]): [string, unknown] => [
      `.${name}`,
      value,
    ]),
    ...(items === undefined ? [] : [['[]', items] as [string, unknown]]),
    ...(additionalProperties === undefined ? [] : [['.*', additionalProperties] as [string, unknown]]),
  ];
  return [...faults, ...inner.flatMap(([name, value]) => structuralFaults(value as Schema, `${path}${name}`))];
}

describe.each(definitions)('the definition of %s', (kind, about, definition) => {
  const { versions } = definition.spec;

  test('is what the schemas say', () => {
    expect(definition).toEqual(JSON.parse(JSON.stringify(crd(about))));
  });

  test('is structural in every version', () => {
    for (const { name, schema } of versions) expect(structuralFaults(schema.openAPIV3Schema, name)).toEqual([]);
  });

  test('serves every version and stores the newest', () => {
    const [newest] = versions;
    expect(versions.filter(({ storage }) => storage)).toEqual([newest]);
    expect(versions.every(({ served }) => served)).toBe(true);
    if (about.source === undefined) {
      expect(versions.map(({ name }) => name)).toEqual(versionsOf(about.group, kind)?.served);
    }
    expect(definition.spec.conversion?.strategy).toBe(versions.length > 1 ? 'Webhook' : undefined);
  });

  test('has a status and columns that lead to fields', () => {
    for (const version of versions) {
      expect(version.subresources).toEqual({ status: {} });
      const schema = version.schema.openAPIV3Schema;
      expect(schema.properties).toHaveProperty('status');
      for (const { jsonPath } of version.additionalPrinterColumns) {
        if (!jsonPath.startsWith('.metadata.')) expect(fieldAt(schema, jsonPath), jsonPath).toBeDefined();
      }
    }
  });

  test('accepts the examples of its schemas', () => {
    for (const [version, schema] of versionSchemas(about)) {
      const served = versions.find(({ name }) => name === version)?.schema.openAPIV3Schema ?? {};
      const validate = new Ajv2020({ strict: false }).compile(served);
      for (const example of schema.examples as readonly unknown[]) {
        expect([validate(example), validate.errors]).toEqual([true, null]);
      }
    }
  });
});

function fieldAt(schema: Schema, jsonPath: string): Schema | undefined {
  return jsonPath
    .replaceAll('[*]', '')
    .split('.')
    .slice(1)
    .reduce<Schema | undefined>((at, name) => {
      const inside = (at?.items ?? at) as Schema | undefined;
      return (inside?.properties as Readonly<Record<string, Schema>> | undefined)?.[name];
    }, schema);
}

test('every kind of SMI has a definition, but for metrics, which an aggregated API serves', () => {
  const stored = smiGroups()
    .filter((group) => group !== 'metrics.smi-spec.io')
    .flatMap((group) => kindsOf(group).map((kind) => `${group} ${kind}`));
  const defined = crdKinds.filter(({ source }) => source === undefined).map(({ group, kind }) => `${group} ${kind}`);
  expect(defined.toSorted()).toEqual(stored.toSorted());
});

test('a field with two forms keeps either in a definition', () => {
  expect(structuralSchema({ type: ['object', 'array'], if: {} })).toEqual({
    'x-kubernetes-preserve-unknown-fields': true,
  });
  expect(structuralSchema({ type: ['integer', 'string', 'null'], minimum: 1 })).toEqual({
    'x-kubernetes-int-or-string': true,
    nullable: true,
    minimum: 1,
  });
  expect(() => structuralSchema({ type: ['integer', 'boolean'] })).toThrow('no structural form');
});

test('the webhook of an installation is put in place', () => {
  const [about] = crdKinds;
  expect(crd(about!, 'mesh/converter')).toHaveProperty('spec.conversion.webhook.clientConfig.service', {
    namespace: 'mesh',
    name: 'converter',
    path: '/convert',
    port: 443,
  });
});

describe('the schema of all kinds', () => {
  const validate = new Ajv2020({ allowUnionTypes: true, strictTypes: false }).compile(combinedSchema());

  test('checks objects by their own kind and version, and lets others pass', () => {
    const about = crdKinds[0]!;
    for (const [, schema] of versionSchemas(about)) {
      const [example] = schema.examples as readonly Schema[];
      expect(validate(example)).toBe(true);
      expect(validate({ ...example, spec: { service: 3 } })).toBe(false);
    }
    expect(validate({ apiVersion: 'v1', kind: 'Service', spec: 3 })).toBe(true);
  });
});
