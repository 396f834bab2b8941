import { join } from 'node:path';
import { dump } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { gatewayApiAdapter } from '../../../adapters/gateway-api/index.ts';
import { emitAll } from '../../../src/adapter/emit-all.ts';
import type { Feature } from '../../../src/adapter/features.ts';
import { diffModels } from '../../../src/analysis/diff.ts';
import { assemble } from '../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { parseSource } from '../../../src/source/parse.ts';
import { readSources } from '../../../src/source/read.ts';
import type { SourceDocument } from '../../../src/source/types.ts';
import { type GoldenCase, goldenCases } from '../../support/mesh/cases.ts';

/** Meshes of which Gateway API cannot say everything, and the feature of the loss that tells it. */
const lossy: Readonly<Record<string, Feature>> = {
  'gateway-filters': 'request-timeouts',
  'gateway-grpc': 'failed-distribution',
  'match-header-octets': 'match-header-regex',
  'policy-caller': 'retries',
  'policy-precedence': 'retries',
  'split-all-backends-missing': 'failed-distribution',
  'split-all-zero': 'failed-distribution',
  'split-big-ratio': 'weighted-split',
  'split-external-name': 'failed-distribution',
  'split-many-backends': 'weighted-split',
  'split-missing-backend-takes-all': 'failed-distribution',
  'split-no-backend-has-port': 'failed-distribution',
  'split-v1alpha1': 'failed-distribution',
};

const options = { channel: 'standard', access: 'elsewhere', regex: 'implementation', grpc: 'HTTPRoute' } as const;

function compiled({ settings }: GoldenCase, documents: readonly SourceDocument[]): MeshModel {
  const { input } = assemble(documents);
  const all = { ...defaultCompileOptions.settings, ...settings };
  return createCompiler().compile(input, { ...defaultCompileOptions, settings: all }).model;
}

/** A mesh whose splits and routes are replaced by the routes that the adapter writes for it. */
function roundTrip(golden: GoldenCase) {
  const { documents } = readSources([join(golden.directory, 'input')]);
  const before = compiled(golden, documents);
  const { artifacts, losses } = emitAll(gatewayApiAdapter, before, options);
  const written = artifacts.map(({ body }) => dump(body, { noRefs: true })).join('---\n');
  const others = documents.filter(
    ({ kind, apiVersion }) => kind !== 'TrafficSplit' && !apiVersion.startsWith('gateway.'),
  );
  const after = compiled(golden, [...others, ...parseSource('routes.yaml', written).documents]);
  return { changes: diffModels(before, after), losses, routes: artifacts.length };
}

describe('routes that the adapter for Gateway API writes, read again', () => {
  const cases = goldenCases().filter(({ outputs }) => outputs === 'all');

  it('change no traffic, but where a loss says so', () => {
    const found = cases.map((golden) => ({ name: golden.name, ...roundTrip(golden) }));
    const changed = found.filter(({ changes }) => changes.length > 0);
    expect(changed.map(({ name }) => name)).toEqual(Object.keys(lossy));
    for (const { name, losses } of changed) expect(losses.map(({ feature }) => feature)).toContain(lossy[name]);
    expect(found.filter(({ routes, changes }) => routes > 0 && changes.length === 0).length).toBeGreaterThan(40);
  }, 60_000);
});
