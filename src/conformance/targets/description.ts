import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { load as parseYaml } from 'js-yaml';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { packageRoot } from '../../lib/package-root.ts';
import { packageVersion } from '../../lib/package-version.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { reason, unreadable } from '../../source/files.ts';
import type { CaseQuestion } from '../case.ts';
import type { Implementation } from '../target.ts';

/** What a mesh answers in the place of a program. */
export type MeshAnswer = 'denied' | 'unavailable' | 'bad-request' | 'unknown-host';

/** How one of them shows: the HTTP status, or a connection that ends. */
export type Sign = number | 'closed';

interface Labelled {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What every target file says; `schemas/conformance/mesh.json` describes them. */
interface Described {
  /** As the report names how the mesh was run. */
  readonly mode: string;
  readonly implementation: Implementation;
  readonly answers: Readonly<Record<MeshAnswer, readonly Sign[]>>;
  /** `GROUP/VERSION`. */
  readonly versions: readonly string[];
  readonly protocols: readonly CaseQuestion['traffic']['kind'][];
  readonly convergenceMillis: number;
  readonly unable: readonly { readonly cases: RegExp; readonly reason: string }[];
}

export interface ClusterMeshDescription extends Described {
  readonly kind: 'cluster';
  readonly namespaces: Labelled;
  readonly pods: Labelled;
  /** What keeps a pod out of the mesh; undefined: nothing does. */
  readonly outsiders?: Labelled;
  /** In which form programs name Services: as the case has it, or always in full. */
  readonly hosts: 'as-written' | 'full';
  /** How it is known that a change is in force: by our controller, or by waiting for so long. */
  readonly settles: 'smi-mesh-controller' | number;
}

export interface ProgramMeshDescription extends Described {
  readonly kind: 'program';
  readonly command: readonly [string, ...string[]];
  /** Where the command is run: where its file is. */
  readonly folder: string;
}

export type MeshDescription = ClusterMeshDescription | ProgramMeshDescription;

type WrittenMesh = {
  readonly mode: string;
  readonly implementation: Omit<Implementation, 'version'> & { readonly version?: string };
  readonly answers?: Partial<Record<MeshAnswer, readonly Sign[]>>;
  readonly versions: readonly string[];
  readonly protocols?: MeshDescription['protocols'];
  readonly convergenceSeconds?: number;
  readonly unable?: readonly { readonly cases: string; readonly reason: string }[];
} & (WrittenCluster | { readonly program: { readonly command: ProgramMeshDescription['command'] } });

interface WrittenCluster {
  readonly injection: { readonly namespaces?: Labelled; readonly pods?: Labelled; readonly outsiders?: Labelled };
  readonly hosts?: 'as-written' | 'full';
  readonly settles: { readonly controller: 'smi-mesh' } | { readonly seconds: number };
}

const usualAnswers: MeshDescription['answers'] = {
  denied: [403],
  unavailable: [503],
  'bad-request': [400],
  'unknown-host': [404],
};
const usualConvergenceSeconds = 30;
const millisPerSecond = 1_000;

/** Our own mesh, unless another is named. */
export function usualMeshFile(): string {
  return join(packageRoot(), 'conformance', 'meshes', 'smi-mesh.yaml');
}

/** Reads a target file; the error says what is wrong with it. */
export function readMesh(file: string): Result<MeshDescription, Diagnostic> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return err(unreadable(file, reason(error)));
  }
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    return err(diagnostic('SMI1002', { message: `${file} is no YAML: ${reason(error)}` }));
  }
  const faults = faultsOf(value);
  if (faults.length > 0) return err(unlikeMesh(file, faults.join('; ')));
  try {
    return ok(describe(value as WrittenMesh, dirname(resolve(file))));
  } catch (error) {
    return err(unlikeMesh(file, reason(error)));
  }
}

/** What the schema has against it. */
function faultsOf(value: unknown): readonly string[] {
  const schema = join(packageRoot(), 'schemas', 'conformance', 'mesh.json');
  const valid = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(schema, 'utf8')),
  );
  if (valid(value)) return [];
  return (valid.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
}

function unlikeMesh(file: string, fault: string): Diagnostic {
  const hint =
    'Write it as schemas/conformance/mesh.json describes a ConformanceMesh; conformance/meshes has examples.';
  return diagnostic('SMI2012', { message: `${file}: ${fault}`, hint });
}

function describe(written: WrittenMesh, folder: string): MeshDescription {
  const { mode, implementation, answers, versions, protocols, convergenceSeconds, unable = [] } = written;
  const described: Described = {
    mode,
    implementation: { version: packageVersion(), ...implementation },
    answers: { ...usualAnswers, ...answers },
    versions,
    protocols: protocols ?? ['http', 'grpc', 'tcp', ...('program' in written ? [] : ['udp' as const])],
    convergenceMillis: (convergenceSeconds ?? usualConvergenceSeconds) * millisPerSecond,
    unable: unable.map(({ cases, reason }) => ({ cases: new RegExp(cases), reason })),
  };
  if ('program' in written) return { ...described, kind: 'program', command: written.program.command, folder };
  const { injection, hosts = 'as-written', settles } = written;
  return {
    ...described,
    kind: 'cluster',
    namespaces: injection.namespaces ?? {},
    pods: injection.pods ?? {},
    ...(injection.outsiders === undefined ? {} : { outsiders: injection.outsiders }),
    hosts,
    settles: 'seconds' in settles ? settles.seconds * millisPerSecond : 'smi-mesh-controller',
  };
}
