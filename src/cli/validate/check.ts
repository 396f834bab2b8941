import { defaultCompileOptions } from '../../compile/options.ts';
import type { DiagnosticCode } from '../../diagnostics/catalogue.ts';
import { type Validation, validateSourceSet } from '../../library/validate.ts';
import type { SourceReader } from '../../source/read.ts';
import { readInput } from '../check-sources.ts';
import type { ClusterChoice } from '../cluster-input.ts';

export type { Validation };

/** Checks paths in every way there is, lints included. */
export async function validatePaths(
  paths: readonly string[],
  ignore: ReadonlySet<DiagnosticCode>,
  reader: SourceReader,
  cluster: ClusterChoice,
): Promise<Validation> {
  return validateSourceSet(await readInput(paths, cluster, reader), defaultCompileOptions, ignore);
}
