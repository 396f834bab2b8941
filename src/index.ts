/** The library: reads SMI resources, compiles them to the mesh model, and says what it decides. Entry point `smi-mesh`. */

export {
  type Compilation,
  type CompileOptions,
  type Compiler,
  createCompiler,
  defaultCompileOptions,
  type MeshInput,
} from './compile/index.ts';
export { catalogue, type DiagnosticCode } from './diagnostics/catalogue.ts';
export type { Diagnostic } from './diagnostics/diagnostic.ts';
export type { Location, Origin } from './diagnostics/origin.ts';
export { canonicalJson, hashModel } from './model/canonical.ts';
export { decide, decideInbound } from './model/decide.ts';
export type * from './model/decision.ts';
export type * from './model/types.ts';
export { combineSources, createSourceReader, readSources, readSourceText, type SourceReader } from './source/read.ts';
export type { SourceDocument, SourceSet } from './source/types.ts';
