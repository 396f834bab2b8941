import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../lib/package-root.ts';
import { compile, read } from '../library/manifests.ts';
import type { MeshModel } from '../model/types.ts';

/** A model that an adapter is tried with, and what it is called in names of cases and golden files. */
export interface NamedModel {
  readonly name: string;
  readonly model: MeshModel;
}

const folder = (): string => join(packageRoot(), 'testkit');

/** The models that come with the package: small meshes which, together, use every feature. */
export function shippedModels(): readonly NamedModel[] {
  const base = join(folder(), 'base.yaml');
  return readdirSync(join(folder(), 'models'))
    .sort()
    .map((file) => modelOf(basename(file, '.yaml'), [base, join(folder(), 'models', file)]));
}

/** The model of the caller's own manifests: files, folders and glob patterns. */
export function modelOf(name: string, paths: readonly string[]): NamedModel {
  return { name, model: compile(read(paths)).model };
}

/** A mesh with another of the same trust domain beside it, in namespaces of its own, that has nothing to do with it. */
export function withNeighbour(model: MeshModel): MeshModel {
  const { trustDomain, settings } = model;
  const neighbour = compile(read([join(folder(), 'neighbour.yaml')]), {
    trustDomain,
    settings: { accessMode: settings.accessMode },
  }).model;
  const both = <V>(own: Readonly<Record<string, V>>, other: Readonly<Record<string, V>>) =>
    Object.fromEntries(Object.entries({ ...own, ...other }).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    ...model,
    services: both(model.services, neighbour.services),
    workloads: both(model.workloads, neighbour.workloads),
    outbound: both(model.outbound, neighbour.outbound),
    inbound: both(model.inbound, neighbour.inbound),
  };
}
