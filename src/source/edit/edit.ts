import type { Fields } from '../../lib/values.ts';
import type { SourceDocument } from '../types.ts';

/** One object of a file and what it becomes. */
export interface Edit {
  readonly document: Pick<SourceDocument, 'index' | 'within' | 'object'>;
  readonly object: Fields;
}
