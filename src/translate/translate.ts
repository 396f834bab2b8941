import type { Artifact, Loss, Translator } from '../adapter/contract.ts';
import { emitAll } from '../adapter/emit-all.ts';
import { losses as tableLosses } from '../adapter/losses.ts';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { MeshModel } from '../model/types.ts';

/** What a target gets of a model, and what it does not. */
export interface Translation {
  /** None where it is refused. */
  readonly artifacts: readonly Artifact[];
  /** What the adapter could not keep in this very model. */
  readonly losses: readonly Loss[];
  /** What the target never says exactly, as far as the model uses it (`SMI5001`, `SMI5002`). */
  readonly general: readonly Diagnostic[];
  /** Why nothing is emitted; empty where something is. */
  readonly refusals: readonly Diagnostic[];
}

/** Everything that a translator makes of a model. */
export function translate(translator: Translator, model: MeshModel, options: unknown): Translation {
  const general = tableLosses(model, translator);
  const refusals = translator.refuse?.(model, options) ?? [];
  if (refusals.length > 0) return { artifacts: [], losses: [], general, refusals };
  return { ...emitAll(translator, model, options), general, refusals };
}

const codes = { changed: 'SMI5001', narrowed: 'SMI5005', dropped: 'SMI5002' } as const;

/** The loss as a finding at the first field that asks for it. */
export function lossDiagnostic(adapter: string, { feature, kind, text, origins }: Loss): Diagnostic {
  const [origin, ...related] = origins;
  return diagnostic(codes[kind], {
    message: `${adapter}, ${feature}: ${text}`,
    ...(origin === undefined ? {} : { origin }),
    ...(related.length === 0 ? {} : { related }),
  });
}
