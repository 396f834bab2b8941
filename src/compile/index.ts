import { isDeepStrictEqual } from 'node:util';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { ModelChanges } from '../model/changes.ts';
import type { MeshModel } from '../model/types.ts';
import type { InputChanges, MeshInput } from './input.ts';
import type { CompileOptions } from './options.ts';
import { createPipeline } from './pipeline.ts';
import { NodeRecord } from './records.ts';

export type { InputChanges, MeshInput, ObjectState } from './input.ts';
export { type CompileOptions, defaultCompileOptions, meshNamespacesWith } from './options.ts';

export interface Compilation {
  readonly model: MeshModel;
  /** In the order of the objects at fault, then of their fields; each once. */
  readonly diagnostics: readonly Diagnostic[];
  /** The nodes that are new, different or gone since the compilation before. */
  readonly changed: ModelChanges;
}

export interface Compiler {
  /**
   * The mesh that the input means. The same input in any order gives an equal result; nodes (services, workloads,
   * policies) that did not change since the last call keep their object identity. Only what read a changed object is
   * worked out again.
   */
  compile(input: MeshInput, options: CompileOptions): Compilation;
  /** The same, when all that is known is what has changed since the last call of either. */
  update(changes: InputChanges, options: CompileOptions): Compilation;
}

export function createCompiler(): Compiler {
  const { graph, findings, input, telemetry, ...stages } = createPipeline();
  const services = new NodeRecord(stages.services);
  const workloads = new NodeRecord(stages.workloads);
  const outbound = new NodeRecord(stages.outbound);
  const inbound = new NodeRecord(stages.inbound);
  let previous: MeshModel | undefined;
  const compile = (options: CompileOptions): Compilation => {
    const settings = input.settle(options);
    graph.refresh();
    const parts = {
      services: services.take(),
      workloads: workloads.take(),
      outbound: outbound.take(),
      inbound: inbound.take(),
    };
    const model: MeshModel = {
      modelVersion: 1,
      trustDomain: options.trustDomain,
      settings: reuse(previous?.settings, settings),
      services: parts.services.record,
      workloads: parts.workloads.record,
      outbound: parts.outbound.record,
      inbound: parts.inbound.record,
      telemetry: reuse(previous?.telemetry, telemetry.get()),
    };
    if (previous === undefined || !sameParts(previous, model)) previous = model;
    return {
      model: previous,
      diagnostics: findings.list(),
      changed: {
        services: parts.services.changed,
        workloads: parts.workloads.changed,
        outbound: parts.outbound.changed,
        inbound: parts.inbound.changed,
      },
    };
  };
  return {
    compile(whole, options) {
      input.replace(whole);
      return compile(options);
    },
    update(changes, options) {
      input.apply(changes);
      return compile(options);
    },
  };
}

function sameParts(before: MeshModel, now: MeshModel): boolean {
  return (Object.keys(now) as (keyof MeshModel)[]).every((key) => before[key] === now[key]);
}

function reuse<T>(before: T | undefined, now: T): T {
  return before !== undefined && isDeepStrictEqual(before, now) ? before : now;
}
