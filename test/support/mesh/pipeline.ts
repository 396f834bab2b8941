import { join } from 'node:path';
import { assemble } from '../../../src/compile/assemble.ts';
import { createCompiler, defaultCompileOptions } from '../../../src/compile/index.ts';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import type { Locate } from '../../../src/diagnostics/origin.ts';
import { assignLocal, localOutboundAnnotation } from '../../../src/kubernetes/local-addressing.ts';
import { podsOf, synthesisedPodLimit } from '../../../src/kubernetes/pods.ts';
import type { PodObject } from '../../../src/kubernetes/types.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { locateWritten } from '../../../src/smi/written.ts';
import { readSources } from '../../../src/source/read.ts';
import type { GoldenCase } from './cases.ts';

export interface CompiledCase {
  readonly model: MeshModel;
  readonly diagnostics: readonly Diagnostic[];
  readonly locate: Locate;
}

/** From the files of a case to its model, every pod at an address of its own in 127.BASE.x.y. */
export function compileCase(golden: GoldenCase, base: number): CompiledCase {
  const source = locateWritten(readSources([join(golden.directory, 'input')]));
  const { input, diagnostics } = assemble(source.documents);
  // Pods of an owner that has more than are shown are left to the compiler, which says so.
  const owners = [...input.deployments, ...(input.podOwners ?? [])];
  const shown = owners.filter(({ replicas }) => replicas <= synthesisedPodLimit);
  const pods = [...input.pods, ...shown.flatMap(podsOf)];
  const assigned = sharingAddresses(pods, assignLocal([], pods, input.services, base));
  const compiled = createCompiler().compile(
    { ...input, pods: golden.intercepted ? assigned.map(intercepted) : assigned },
    { ...defaultCompileOptions, settings: { ...defaultCompileOptions.settings, ...golden.settings } },
  );
  return {
    model: compiled.model,
    diagnostics: [...source.diagnostics, ...diagnostics, ...compiled.diagnostics],
    locate: source.locate,
  };
}

/** Without listeners of its own; a harness then connects to the port of the service at the pod's address. */
function intercepted(pod: PodObject): PodObject {
  const { [localOutboundAnnotation]: _, ...annotations } = pod.meta.annotations;
  return { ...pod, meta: { ...pod.meta, annotations } };
}

/** Pods that share an address in the manifests (host networking) share one here. */
function sharingAddresses(written: readonly PodObject[], assigned: readonly PodObject[]): readonly PodObject[] {
  const first = new Map<string, readonly string[]>();
  return assigned.map((pod, index) => {
    const stated = written[index]?.ips.join() ?? '';
    if (stated === '') return pod;
    const ips = first.get(stated) ?? pod.ips;
    first.set(stated, ips);
    return { ...pod, ips };
  });
}
