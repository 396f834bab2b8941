import type { Change } from '../../analysis/changes.ts';
import type { Locate } from '../../diagnostics/origin.ts';

/** What every output is made from. */
export interface DiffPresentation {
  readonly changes: readonly Change[];
  /** As the command line names the sides. */
  readonly names: { readonly before: string; readonly after: string };
  readonly locate: { readonly before: Locate; readonly after: Locate };
}
