import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { load as parseYaml } from 'js-yaml';
import { packageRoot } from '../../../lib/package-root.ts';
import { packageVersion } from '../../../lib/package-version.ts';
import { err, ok, type Result } from '../../../lib/result.ts';
import type { CaseQuestion } from '../../case.ts';
import type { Implementation } from '../../target.ts';

/** What a mesh answers in the place of a program. */
export type MeshAnswer = 'denied' | 'unavailable' | 'bad-request' | 'unknown-host';

/** How one of them shows: the HTTP status, or a connection that ends. */
export type Sign = number | 'closed';

interface Labelled {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A mesh in a cluster as `schemas/conformance/mesh.json` describes it. */
export interface MeshDescription {
  /** As the report names how the mesh was run. */
  readonly mode: string;
  readonly implementation: Implementation;
  readonly namespaces: Labelled;
  readonly pods: Labelled;
  /** In which form programs name Services: as the case has it, or always in full. */
  readonly hosts: 'as-written' | 'full';
  readonly answers: Readonly<Record<MeshAnswer, readonly Sign[]>>;
  /** `GROUP/VERSION`. */
  readonly versions: readonly string[];
  readonly protocols: readonly CaseQuestion['traffic']['kind'][];
  /** How it is known that a change is in force: by our controller, or by waiting for so long. */
  readonly settles: 'smi-mesh-controller' | number;
  readonly convergenceMillis: number;
  readonly unable: readonly { readonly cases: RegExp; readonly reason: string }[];
}

interface WrittenMesh {
  readonly mode: string;
  readonly implementation: Omit<Implementation, 'version'> & { readonly version?: string };
  readonly injection: { readonly namespaces?: Labelled; readonly pods?: Labelled };
  readonly hosts?: 'as-written' | 'full';
  readonly answers?: Partial<Record<MeshAnswer, readonly Sign[]>>;
  readonly versions: readonly string[];
  readonly protocols?: MeshDescription['protocols'];
  readonly settles: { readonly controller: 'smi-mesh' } | { readonly seconds: number };
  readonly convergenceSeconds?: number;
  readonly unable?: readonly { readonly cases: string; readonly reason: string }[];
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
export function readMesh(file: string): Result<MeshDescription, string> {
  try {
    const value = parseYaml(readFileSync(file, 'utf8'));
    const schema = join(packageRoot(), 'schemas', 'conformance', 'mesh.json');
    const valid = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(
      JSON.parse(readFileSync(schema, 'utf8')),
    );
    if (!valid(value)) {
      const faults = (valid.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`);
      return err(`${file}: ${faults.join('; ')}`);
    }
    return ok(describe(value as unknown as WrittenMesh));
  } catch (error) {
    return err(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function describe(written: WrittenMesh): MeshDescription {
  const { mode, implementation, injection, hosts = 'as-written', answers, versions, settles } = written;
  return {
    mode,
    implementation: { version: packageVersion(), ...implementation },
    namespaces: injection.namespaces ?? {},
    pods: injection.pods ?? {},
    hosts,
    answers: { ...usualAnswers, ...answers },
    versions,
    protocols: written.protocols ?? ['http', 'grpc', 'tcp', 'udp'],
    settles: 'seconds' in settles ? settles.seconds * millisPerSecond : 'smi-mesh-controller',
    convergenceMillis: (written.convergenceSeconds ?? usualConvergenceSeconds) * millisPerSecond,
    unable: (written.unable ?? []).map(({ cases, reason }) => ({ cases: new RegExp(cases), reason })),
  };
}
