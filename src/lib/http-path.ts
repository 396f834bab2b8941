import type { Result } from './result.ts';

/** Why a request target has no normal form; such a request is answered 400. */
export type PathFault =
  | 'not-origin-form'
  | 'bad-percent'
  | 'escaped-slash'
  | 'escaped-nul'
  | 'fragment'
  | 'dot-parameter';

export interface NormalPath {
  /** Starts with `/`; used for matching and for forwarding. */
  readonly path: string;
  /** With its `?`, or empty; untouched. */
  readonly query: string;
}

/**
 * The one normal form of a request path: unreserved octets decoded, dot segments and repeated slashes resolved, backslash
 * a slash. Equal to what Envoy does with `normalize_path`, `merge_slashes` and rejected escaped slashes.
 */
export declare function normalizePath(target: string): Result<NormalPath, PathFault>;
