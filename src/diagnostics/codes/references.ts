import type { CatalogueEntry } from '../severity.ts';

/** 3xxx: references between objects. */
export const referenceCodes = {} as const satisfies Record<string, CatalogueEntry>;
