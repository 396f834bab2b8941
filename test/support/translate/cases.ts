import { join } from 'node:path';
import { defaultCompileOptions } from '../../../src/compile/index.ts';
import { type CheckedSources, checkSourceSet } from '../../../src/library/check.ts';
import { locateWritten } from '../../../src/smi/written.ts';
import { combineSources, readSources } from '../../../src/source/read.ts';
import type { SourceSet } from '../../../src/source/types.ts';
import type { GoldenCase } from '../mesh/cases.ts';

/** The sources of a case as `smi-cli translate` reads them. */
export function sourcesOf({ directory }: GoldenCase): SourceSet {
  return locateWritten(readSources([join(directory, 'input')]));
}

/** The same taken through every stage, with the settings of the case. */
export function checkedCase(golden: GoldenCase, sources: SourceSet = sourcesOf(golden)): CheckedSources {
  return checkSourceSet(sources, {
    ...defaultCompileOptions,
    settings: { ...defaultCompileOptions.settings, ...golden.settings },
  });
}

/** The sources with one document that says something else. */
export function withDocument(
  { files }: SourceSet,
  index: number,
  object: Readonly<Record<string, unknown>>,
): SourceSet {
  let at = 0;
  return locateWritten(
    combineSources(
      files.map((file) => ({
        ...file,
        documents: file.documents.map((document) => (at++ === index ? { ...document, object } : document)),
      })),
    ),
  );
}
