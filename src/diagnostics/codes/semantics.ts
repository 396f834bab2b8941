import type { CatalogueEntry } from '../severity.ts';

/** 4xxx: what objects mean together. */
export const semanticsCodes = {} as const satisfies Record<string, CatalogueEntry>;
