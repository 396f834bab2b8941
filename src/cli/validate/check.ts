import { defaultCompileOptions } from '../../compile/options.ts';
import type { DiagnosticCode } from '../../diagnostics/catalogue.ts';
import { type Finding, mergeFindings, toFindings } from '../../diagnostics/located.ts';
import { type SuppressedFinding, suppress } from '../../diagnostics/suppress.ts';
import { lint } from '../../lint/index.ts';
import { suppressionComments } from '../../source/comments.ts';
import type { SourceReader } from '../../source/read.ts';
import { type CheckedSources, checkSources } from '../check-sources.ts';
import type { ClusterChoice } from '../cluster-input.ts';

/** What `validate` found, after what is to be left out has been. */
export interface Validation extends CheckedSources {
  /** Left out by comments, with their reasons. */
  readonly suppressed: readonly SuppressedFinding[];
  /** How many were left out by `--ignore`. */
  readonly ignored: number;
}

/** Checks paths in every way there is, lints included. */
export async function validatePaths(
  paths: readonly string[],
  ignore: ReadonlySet<DiagnosticCode>,
  reader: SourceReader,
  cluster: ClusterChoice,
): Promise<Validation> {
  const checked = await checkSources(paths, defaultCompileOptions, cluster, {
    reader,
    examine: (documents, input, model) => lint(documents, input, model, defaultCompileOptions),
  });
  const comments = checked.sources.files.flatMap(suppressionComments);
  const { findings, suppressed, diagnostics } = suppress(checked.findings, comments);
  const wanted = (finding: Finding) => !ignore.has(finding.diagnostic.code);
  const all = mergeFindings(findings, toFindings(diagnostics, checked.sources.locate));
  const kept = all.filter(wanted);
  return {
    ...checked,
    findings: kept,
    suppressed: suppressed.filter(({ finding }) => wanted(finding)),
    ignored: all.length - kept.length,
  };
}
