/**
 * The library, entry point `smi-mesh`: reads SMI resources of every version, checks and converts them, compiles them to the
 * mesh model, and says what that decides, why, and what a change of it does to traffic. Input that is wrong is a finding or a
 * `Result`, never an exception. docs/library.md shows each part.
 */

export {
  type Change,
  type Example,
  type ExampleSide,
  isWidening,
  type ObjectChange,
  type SettingChange,
  type TrafficChange,
  type UndecidedChange,
} from './analysis/changes.ts';
export { diffModels as diff } from './analysis/diff.ts';
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
export { type Counts, countFindings, type Finding } from './diagnostics/located.ts';
export { describeObject, type Locate, type Location, type ObjectKey, type Origin } from './diagnostics/origin.ts';
export { renderFinding } from './diagnostics/render-text.ts';
export type { CatalogueEntry, Severity } from './diagnostics/severity.ts';
export { runExpectations } from './expectations/run.ts';
export type * from './expectations/types.ts';
export type { Difference } from './explain/differences.ts';
export { explain } from './explain/explain.ts';
export type * from './explain/explanation.ts';
export { withPlaces } from './explain/json.ts';
export { explanationText } from './explain/text.ts';
export type { Verdict } from './explain/verdict.ts';
export type { Result } from './lib/result.ts';
export type { CheckedSources } from './library/check.ts';
export { compile, type MeshOptions, parse, read, type ValidateOptions, validate } from './library/manifests.ts';
export type { Validation } from './library/validate.ts';
export { canonicalJson, hashModel } from './model/canonical.ts';
export { decide, decideInbound } from './model/decide.ts';
export type * from './model/decision.ts';
export type { Guard } from './model/guards.ts';
export type * from './model/policy.ts';
export type { FieldInForce, PolicyField } from './model/policy-fields.ts';
export type * from './model/types.ts';
export { type Conversion, convert, type Kept } from './smi/convert/convert.ts';
export { combineSources, createSourceReader, type SourceReader } from './source/read.ts';
export type { SourceDocument, SourceFile, SourceSet } from './source/types.ts';
