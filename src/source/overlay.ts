import type { SourceSet } from './types.ts';

/** What would be there if the objects of `over` were applied to `base`: an object that is in both is taken from `over`. */
export function overlay(base: SourceSet, over: SourceSet): SourceSet {
  const replaced = new Set(over.documents.map(({ key }) => key));
  return {
    files: [...base.files, ...over.files],
    documents: [...base.documents.filter(({ key }) => !replaced.has(key)), ...over.documents],
    diagnostics: [...base.diagnostics, ...over.diagnostics],
    brokenFiles: [...base.brokenFiles, ...over.brokenFiles],
    locate: (origin) => (replaced.has(origin.object) ? over.locate(origin) : base.locate(origin)),
    lineOf: (file, line) => over.lineOf(file, line) ?? base.lineOf(file, line),
  };
}
