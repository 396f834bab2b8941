import type { CatalogueEntry } from '../severity.ts';

/** 2xxx: the shape of one object. */
export const shapeCodes = {} as const satisfies Record<string, CatalogueEntry>;
