import type { CatalogueEntry } from '../severity.ts';

/** 1xxx: reading input. */
export const readingCodes = {
  SMI1001: {
    severity: 'error',
    title: 'not readable',
    explanation: 'A path that was named does not exist or cannot be read.',
    hint: 'Check the path and its permissions.',
  },
} as const satisfies Record<string, CatalogueEntry>;
