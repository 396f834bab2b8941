import { join, resolve } from 'node:path';
import { packageRoot } from '../../src/lib/package-root.ts';

export interface SubjectStart {
  readonly fixture: string;
  readonly port: number;
  /** `CERTIFICATE,KEY,AUTHORITY` of mutual TLS; without it there is no TLS. */
  readonly identity: string | undefined;
}

/** A server under test; its program reads and writes the lines that go/server.go describes. */
export interface XdsSubject {
  readonly name: string;
  /** Each change costs it so much that meshes of many services take too long. */
  readonly slow?: true;
  command(given: SubjectStart): { readonly command: string; readonly args: readonly string[] };
}

export const ours = 'smi-mesh';
const goPrefix = 'go-control-plane';

export function isGoControlPlane(name: string): boolean {
  return name.startsWith(goPrefix);
}

/** `goProgram`: what go/ is built to. `profile`: where ours writes a CPU profile. */
export function xdsSubjects(goProgram: string, profile: string | undefined): readonly XdsSubject[] {
  const goSubject = (name: string, kind: string): XdsSubject => ({
    name,
    ...(kind === 'snapshot' ? { slow: true } : {}),
    command: ({ fixture, port, identity = '' }) => ({
      command: goProgram,
      args: ['serve', '-cache', kind, '-fixture', fixture, '-port', String(port), '-tls', identity],
    }),
  });
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${resolve(profile)}`];
  const program = join(packageRoot(), 'bench/xds/programs/ads-server.ts');
  return [
    {
      name: ours,
      command: ({ fixture, port, identity }) => ({
        command: process.execPath,
        args: [...profiling, program, fixture, String(port), ...(identity === undefined ? [] : [identity])],
      }),
    },
    // The caches of go-control-plane: resources that are replaced one by one, and whole snapshots.
    goSubject(`${goPrefix} linear`, 'linear'),
    goSubject(`${goPrefix} snapshot`, 'snapshot'),
  ];
}
