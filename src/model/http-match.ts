import type { Origin } from '../diagnostics/origin.ts';
import type { NonEmpty } from '../lib/collections.ts';

/** All parts must hold. */
export interface HttpMatch {
  readonly methods: 'any' | NonEmpty<string>;
  readonly path: 'any' | PathMatch;
  readonly headers: 'any' | NonEmpty<HeaderMatch>;
  readonly origins: readonly Origin[];
}

/** On the normal form of the path, without query. A regex is RE2 syntax and must match the whole path. */
export type PathMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'prefix'; readonly value: string }
  | { readonly kind: 'regex'; readonly re2: string };

/** RE2 on the whole value; several values of one header are joined with `,`. Names are lower case, `:authority` for the host. */
export interface HeaderMatch {
  readonly name: string;
  readonly re2: string;
}
