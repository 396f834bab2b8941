import type { CatalogueEntry } from '../severity.ts';

/** 6xxx: running a mesh. */
export const runtimeCodes = {} as const satisfies Record<string, CatalogueEntry>;
