import type { Artifact, Loss, Translator } from '../adapter/contract.ts';
import { emitAll } from '../adapter/emit-all.ts';
import { identityOf } from '../adapter/identity.ts';
import { losses as tableLosses } from '../adapter/losses.ts';
import { atOrigins, type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
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
  const emitted = emitAll(translator, model, options);
  const doubled = doubles(translator.id, emitted.artifacts);
  if (doubled.length > 0) return { artifacts: [], losses: [], general, refusals: doubled };
  return { ...emitted, general, refusals };
}

/** Documents of the same name: the last would take the place of the others. */
function doubles(adapter: string, artifacts: readonly Artifact[]): readonly Diagnostic[] {
  return [...Map.groupBy(artifacts, identityOf)].flatMap(([identity, same]) => {
    if (same.length === 1) return [];
    const message = `${adapter} wrote ${same.length} documents that are ${identity}`;
    return [diagnostic('SMI5007', { message, ...atOrigins(same.flatMap(({ origins }) => origins)) })];
  });
}

const codes = { changed: 'SMI5001', narrowed: 'SMI5005', dropped: 'SMI5002' } as const;

/** The loss as a finding at the first field that asks for it. */
export function lossDiagnostic(adapter: string, { feature, kind, text, origins }: Loss): Diagnostic {
  return diagnostic(codes[kind], { message: `${adapter}, ${feature}: ${text}`, ...atOrigins(origins) });
}
