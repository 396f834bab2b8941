import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { NonEmpty } from '../lib/collections.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { isRecord } from '../lib/values.ts';

/** The options of an adapter that has none. */
export type NoOptions = Readonly<Record<string, never>>;

/** `parseOptions` of an adapter that has none: whatever is given is refused. */
export function noOptions(id: string): (input: unknown) => Result<NoOptions, NonEmpty<Diagnostic>> {
  return (input = {}) => {
    if (isRecord(input) && Object.keys(input).length === 0) return ok({});
    const seen = isRecord(input) ? Object.keys(input).join(', ') : JSON.stringify(input);
    return err([diagnostic('SMI5003', { message: `${id} has no options, and got ${seen}` })]);
  };
}
