import type { CatalogueEntry } from '../severity.ts';

/** 5xxx: what an adapter could not express, or a proxy refused. */
export const adapterCodes = {} as const satisfies Record<string, CatalogueEntry>;
