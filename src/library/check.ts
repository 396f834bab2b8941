import { assemble } from '../compile/assemble.ts';
import { type Compilation, type CompileOptions, createCompiler } from '../compile/index.ts';
import type { MeshInput } from '../compile/input.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { type Finding, toFindings } from '../diagnostics/located.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import { decodeExpectations } from '../expectations/decode.ts';
import type { Expectation } from '../expectations/types.ts';
import type { SourceDocument, SourceSet } from '../source/types.ts';

export interface CheckedSources {
  readonly sources: SourceSet;
  readonly model: Compilation['model'];
  /** Objects with an error, which the model leaves out. */
  readonly refused: readonly ObjectKey[];
  /** The TrafficExpectations among the documents. */
  readonly expectations: readonly Expectation[];
  /** Everything that reading, decoding and compiling found, by place. */
  readonly findings: readonly Finding[];
  /** Objects that were read, and those among them that neither SMI nor routing needs. */
  readonly objects: number;
  readonly foreign: number;
}

/** What to ask beyond the stages that every use needs. */
export type Examine = (
  documents: readonly SourceDocument[],
  input: MeshInput,
  model: Compilation['model'],
) => readonly Diagnostic[];

/** Takes what was read through every stage. Never throws for what it contains. */
export function checkSourceSet(
  sources: SourceSet,
  options: CompileOptions,
  examine: Examine = () => [],
): CheckedSources {
  const assembly = assemble(sources.documents);
  const { model, diagnostics } = createCompiler().compile(assembly.input, options);
  const examined = examine(sources.documents, assembly.input, model);
  const expected = decodeExpectations(sources.documents);
  const found = [...assembly.diagnostics, ...diagnostics, ...expected.diagnostics, ...examined];
  const findings = toFindings([...sources.diagnostics, ...found], sources.locate);
  const keys = new Set(sources.documents.map(({ key }) => key));
  // Everything that was decoded, and what was refused.
  const { refusedPolicies: _named, ...input } = assembly.input;
  const used = Object.values(input).flat().length + expected.documents;
  const { expectations } = expected;
  const { refused } = assembly;
  return { sources, model, refused, expectations, findings, objects: keys.size, foreign: keys.size - used };
}
