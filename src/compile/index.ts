import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { MeshModel, MeshSettings } from '../model/types.ts';
import type { MeshInput } from './input.ts';

export interface CompileOptions {
  /** SPIFFE trust domain. */
  readonly trustDomain: string;
  /** DNS suffix of Services: `NAME.NAMESPACE.svc.CLUSTERDOMAIN`. */
  readonly clusterDomain: string;
  readonly settings: MeshSettings;
}

export const defaultCompileOptions: CompileOptions = {
  trustDomain: 'cluster.local',
  clusterDomain: 'cluster.local',
  settings: { accessMode: 'deny', pathRegexMode: 'spec', outboundMode: 'passthrough' },
};

export interface Compilation {
  readonly model: MeshModel;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Compiler {
  /** Pure in its arguments; nodes that did not change keep their object identity from one call to the next. */
  compile(input: MeshInput, options: CompileOptions): Compilation;
}

export declare function createCompiler(): Compiler;
