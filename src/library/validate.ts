import type { CompileOptions } from '../compile/options.ts';
import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { type Finding, mergeFindings, toFindings } from '../diagnostics/located.ts';
import { type SuppressedFinding, suppress } from '../diagnostics/suppress.ts';
import { lint } from '../lint/index.ts';
import { suppressionComments } from '../source/comments.ts';
import type { SourceSet } from '../source/types.ts';
import { type CheckedSources, checkSourceSet } from './check.ts';

/** What was found, after what is to be left out has been. */
export interface Validation extends CheckedSources {
  /** Left out by comments, with their reasons. */
  readonly suppressed: readonly SuppressedFinding[];
  /** How many were left out by code. */
  readonly ignored: number;
}

/** Checks what was read in every way there is, lints and the comments that suppress findings included. */
export function validateSourceSet(
  sources: SourceSet,
  options: CompileOptions,
  ignore: ReadonlySet<DiagnosticCode> = new Set(),
): Validation {
  const checked = checkSourceSet(sources, options, (documents, input, model) => lint(documents, input, model, options));
  const comments = sources.files.flatMap(suppressionComments);
  const { findings, suppressed, diagnostics } = suppress(checked.findings, comments);
  const wanted = (finding: Finding) => !ignore.has(finding.diagnostic.code);
  const all = mergeFindings(findings, toFindings(diagnostics, sources.locate));
  const kept = all.filter(wanted);
  return {
    ...checked,
    findings: kept,
    suppressed: suppressed.filter(({ finding }) => wanted(finding)),
    ignored: all.length - kept.length,
  };
}
