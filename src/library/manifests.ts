import { type CompileOptions, defaultCompileOptions } from '../compile/index.ts';
import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import type { MeshSettings } from '../model/types.ts';
import { locateWritten } from '../smi/written.ts';
import { readSources, readSourceText } from '../source/read.ts';
import type { SourceSet } from '../source/types.ts';
import { type CheckedSources, checkSourceSet } from './check.ts';
import { type Validation, validateSourceSet } from './validate.ts';

/** What may differ from a mesh's defaults; a MeshConfig among the manifests goes before `settings`. */
export interface MeshOptions extends Partial<Omit<CompileOptions, 'settings'>> {
  readonly settings?: Partial<MeshSettings>;
}

export interface ValidateOptions extends MeshOptions {
  /** Codes that are left out. */
  readonly ignore?: readonly DiagnosticCode[];
}

/**
 * The objects of one YAML or JSON text, any number of documents and Lists; `file` is what findings call it. Never throws:
 * what is wrong is in `diagnostics`.
 */
export function parse(text: string, file = 'manifests.yaml'): SourceSet {
  return locateWritten(readSourceText(file, text));
}

/** The objects of files, folders (recursively) and glob patterns. Never throws for what they contain, or are not. */
export function read(paths: readonly string[]): SourceSet {
  return locateWritten(readSources(paths));
}

/**
 * Everything that is wrong or odd with what was read, by place: syntax, schemas, references, meaning, lints. Comments that
 * suppress a finding are respected.
 */
export function validate(sources: SourceSet, options: ValidateOptions = {}): Validation {
  return validateSourceSet(sources, inFull(options), new Set(options.ignore));
}

/**
 * The mesh model that was meant, with the findings on the way. Objects with errors are left out of it, and nothing that is
 * left out widens what is allowed. For compiling again and again after small changes there is `createCompiler`.
 */
export function compile(sources: SourceSet, options: MeshOptions = {}): CheckedSources {
  return checkSourceSet(sources, inFull(options));
}

function inFull({ settings, ...others }: MeshOptions): CompileOptions {
  const { trustDomain, clusterDomain, meshNamespaces } = { ...defaultCompileOptions, ...others };
  return { trustDomain, clusterDomain, meshNamespaces, settings: { ...defaultCompileOptions.settings, ...settings } };
}
