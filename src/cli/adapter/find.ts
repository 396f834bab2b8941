import type { Translator } from '../../adapter/contract.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { ok, type Result } from '../../lib/result.ts';
import { isForeign, loadAdapter } from '../../plugins/load.ts';
import { translators } from '../translators.ts';

/** An adapter of this program by its name, or one of somebody else (`loadAdapter`). */
export async function findAdapter(
  name: string,
  known: Readonly<Record<string, () => Promise<Translator>>> = translators,
): Promise<Result<Translator, readonly Diagnostic[]>> {
  const load = !isForeign(name) && Object.hasOwn(known, name) ? known[name] : undefined;
  return load === undefined ? loadAdapter(name) : ok(await load());
}
