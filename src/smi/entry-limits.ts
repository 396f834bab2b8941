import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { SourceDocument } from '../source/types.ts';
import { writtenOrigin } from './written.ts';

/**
 * How many entries the lists of one object may have. What objects mean together is a product of such lists (the matches of
 * a group for each rule that names it), so that without a bound one small file could ask for any amount of work.
 */
export const entryLimits = {
  groupMatches: 1_000,
  /** Of paths and headers, all matches of a group together. */
  groupExpressions: 2_000,
  splitMatches: 100,
  splitBackends: 1_000,
  targetRules: 100,
  ruleMatches: 1_000,
} as const;

/** What a list is called, where it stands in the hub version, and how many entries it has. */
export interface CountedList {
  readonly limit: keyof typeof entryLimits;
  readonly path: string;
  readonly count: number;
}

const names = {
  groupMatches: 'matches',
  groupExpressions: 'expressions',
  splitMatches: 'matches',
  splitBackends: 'backends',
  targetRules: 'rules',
  ruleMatches: 'matches',
} as const satisfies Record<keyof typeof entryLimits, string>;

/** One finding for each list that is too long; nothing of such an object is read. */
export function tooManyEntries(document: SourceDocument, lists: readonly CountedList[]): readonly Diagnostic[] {
  return lists
    .filter(({ limit, count }) => count > entryLimits[limit])
    .map(({ limit, path, count }) => {
      const origin = writtenOrigin(document, { object: document.key, path });
      const message = `${origin.path} has ${count} ${names[limit]}, more than ${entryLimits[limit]}`;
      return diagnostic('SMI2015', { message, origin });
    });
}
