// Writes schemas/crds/*.yaml (CustomResourceDefinitions) and schemas/smi.json (all kinds in one schema, for editors) from
// the JSON Schemas in schemas/smi, schemas/config and schemas/policy. With `--check` it writes nothing and fails when a file says
// something else.
// `--webhook NAMESPACE/NAME` names the Service that converts between versions, `--out DIR` another place for the CRDs.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dump } from 'js-yaml';
import { packageRoot } from '../src/lib/package-root.ts';
import { type CrdKind, crdKinds } from './lib/crd-kinds.ts';
import { structuralRoot } from './lib/structural.ts';

type Schema = Readonly<Record<string, unknown>>;

const schemas = join(packageRoot(), 'schemas');
const combinedFile = join(schemas, 'smi.json');

/** The JSON Schemas of a kind by version, newest first. */
export function versionSchemas({ source = 'smi', group, kind }: CrdKind): readonly (readonly [string, Schema])[] {
  const folder = join(schemas, source, group);
  return readdirSync(folder)
    .sort()
    .reverse()
    .flatMap((version) => {
      const files = readdirSync(join(folder, version));
      return files.includes(`${kind}.json`)
        ? [[version, readJson(join(folder, version, `${kind}.json`))] as const]
        : [];
    });
}

/** The Service that converts between versions, as `NAMESPACE/NAME`; an installation puts its own in place. */
const placeholder = 'smi-mesh-system/smi-mesh-webhook';

export function crd(about: CrdKind, webhook: string = placeholder): Schema {
  const { group, kind, plural, shortNames } = about;
  const versions = versionSchemas(about);
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}`, labels: { 'app.kubernetes.io/part-of': 'smi-mesh' } },
    spec: {
      group,
      names: {
        kind,
        listKind: `${kind}List`,
        plural,
        singular: kind.toLowerCase(),
        ...(shortNames.length === 0 ? {} : { shortNames }),
        categories: ['smi'],
      },
      scope: about.scope ?? 'Namespaced',
      ...(versions.length > 1 ? { conversion: conversion(webhook) } : {}),
      versions: versions.map(([version, schema], index) => ({
        name: version,
        served: true,
        storage: index === 0,
        additionalPrinterColumns: [
          ...about.columns(version).map((column) => ({ ...column, type: 'string' })),
          { name: 'Age', jsonPath: '.metadata.creationTimestamp', type: 'date' },
        ],
        subresources: { status: {} },
        schema: { openAPIV3Schema: structuralRoot(schema) },
      })),
    },
  };
}

function conversion(webhook: string): Schema {
  const [namespace, name] = webhook.split('/');
  return {
    strategy: 'Webhook',
    webhook: {
      conversionReviewVersions: ['v1'],
      clientConfig: { service: { namespace, name, path: '/convert', port: 443 } },
    },
  };
}

/** One schema for files that hold objects of any kind: those of SMI are checked, all others pass. */
export function combinedSchema(): Schema {
  const files = ['config', 'policy', 'smi'].flatMap((folder) =>
    readdirSync(join(schemas, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.json'))
      .map((file) => join(folder, file)),
  );
  const parts = files
    .sort()
    .map((file) => ({ name: file.replace(/\.json$/, ''), schema: readJson(join(schemas, file)) }));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'https://smi-mesh.io/schemas/smi.json',
    title: 'SMI',
    description: 'Every kind and version of the Service Mesh Interface, the settings of a mesh, and its policies.',
    allOf: parts.map(({ name, schema }) => {
      const { apiVersion, kind } = schema.properties as Readonly<Record<string, Schema>>;
      return {
        if: {
          required: ['apiVersion', 'kind'],
          properties: { apiVersion: { const: apiVersion?.const }, kind: { const: kind?.const } },
        },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { $ref: `#/$defs/${pointerToken(name)}` },
      };
    }),
    $defs: Object.fromEntries(
      parts.map(({ name, schema: { $schema: _dialect, $id: _address, ...schema } }) => [name, schema]),
    ),
  };
}

/** RFC 6901. */
function pointerToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

function readJson(file: string): Schema {
  return JSON.parse(readFileSync(file, 'utf8')) as Schema;
}

const header = '# Written by scripts/crds.ts from the schemas beside this folder; do not edit.\n';

function crdTexts(folder: string, webhook: string): ReadonlyMap<string, string> {
  const text = (about: CrdKind): string => header + dump(crd(about, webhook), { noRefs: true, lineWidth: 120 });
  return new Map(crdKinds.map((about) => [join(folder, `${about.plural}.${about.group}.yaml`), text(about)]));
}

function write(folder: string, webhook: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of crdTexts(folder, webhook)) writeFileSync(file, text);
  writeFileSync(combinedFile, `${JSON.stringify(combinedSchema(), null, 2)}\n`);
}

/** Files that say something else than the script would write, or are not there. */
function staleFiles(folder: string, webhook: string): readonly string[] {
  const differs = (file: string, same: (text: string) => boolean): boolean =>
    !existsSync(file) || !same(readFileSync(file, 'utf8'));
  const crds = [...crdTexts(folder, webhook)].filter(([file, text]) => differs(file, (found) => found === text));
  // The formatter may lay JSON out otherwise: only what it says is compared.
  const combined = JSON.stringify(combinedSchema());
  return [
    ...crds.map(([file]) => file),
    ...(differs(combinedFile, (text) => JSON.stringify(JSON.parse(text)) === combined) ? [combinedFile] : []),
  ];
}

function main(): void {
  const { values } = parseArgs({
    options: { check: { type: 'boolean' }, webhook: { type: 'string' }, out: { type: 'string' } },
  });
  const { check, webhook = placeholder, out = join(schemas, 'crds') } = values;
  if (!/^[a-z0-9-]+\/[a-z0-9-]+$/.test(webhook)) throw new Error('--webhook takes NAMESPACE/NAME');
  if (check !== true) {
    write(out, webhook);
    return;
  }
  const stale = staleFiles(out, webhook);
  if (stale.length === 0) return;
  console.error(`differs from the schemas: ${stale.join(', ')}`);
  process.exitCode = 1;
}

if (import.meta.main) main();
