import { execFileSync } from 'node:child_process';
import { type EnvoyOptions, envoyAdapter } from '../../adapters/envoy/index.ts';
import type { Artifact } from '../../src/adapter/contract.ts';
import type { MeshModel } from '../../src/model/types.ts';
import { BenchFailure } from '../failure.ts';
import { type FixtureResource, servedTypes, type Variant, writeFixtureFile } from './fixture-file.ts';
import { client, meshModel } from './mesh.ts';

export const routesType = servedTypes.findIndex((typeUrl) => typeUrl.endsWith('.RouteConfiguration'));

export interface Fixture {
  readonly path: string;
  readonly services: number;
  /** Of all resources that a client gets at first. */
  readonly resources: number;
  /** Names of the route configurations with a weight that changes. */
  readonly weighted: readonly string[];
}

/** Writes the resources of a mesh to a file, encoded as the program in Go does. */
export function writeFixture(goProgram: string, path: string, services: number, endpointsPerService: number): Fixture {
  const resources = emitFixture(services, endpointsPerService);
  const draft = `${path}-draft`;
  writeFixtureFile(draft, resources);
  execFileSync(goProgram, ['canonical', draft, path]);
  const weighted = resources.filter(({ variant }) => variant === 'b').map(({ resource }) => resource.name);
  return { path, services, resources: resources.length - weighted.length, weighted };
}

/**
 * What one sidecar of a mesh is to have, as the Envoy adapter emits it: each resource as variant `a`, and those that another
 * weight changes as variant `b` too.
 */
export function emitFixture(services: number, endpointsPerService: number): readonly FixtureResource[] {
  const first = emit(meshModel(services, endpointsPerService, [90, 10]));
  const second = emit(meshModel(services, endpointsPerService, [80, 20]));
  const before = new Map(first.map((artifact) => [keyOf(artifact), JSON.stringify(artifact.body)]));
  const changed = second.filter((artifact) => before.get(keyOf(artifact)) !== JSON.stringify(artifact.body));
  const foreign = changed.find(({ format }) => format !== servedTypes[routesType]);
  if (foreign !== undefined) throw new BenchFailure(`another weight changes ${foreign.format} ${foreign.name}`);
  return [...first.map((each) => encode(each, 'a')), ...changed.map((each) => encode(each, 'b'))];
}

function emit(model: MeshModel): readonly Artifact[] {
  const parsed = envoyAdapter.parseOptions(undefined);
  if (!parsed.ok) throw new BenchFailure('the Envoy adapter has no default options');
  const options: EnvoyOptions = parsed.value;
  return envoyAdapter
    .view(model, client, { options })
    .flatMap((unit) => envoyAdapter.emitUnit(model, unit, { options }))
    .filter(({ format }) => servedTypes.includes(format));
}

const keyOf = ({ format, name }: Artifact): string => `${format} ${name}`;

function encode(artifact: Artifact, variant: Variant): FixtureResource {
  const { format: typeUrl, name } = artifact;
  return { variant, resource: { typeUrl, name, body: envoyAdapter.encode(artifact) } };
}
