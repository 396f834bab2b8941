import type { Support, Translator } from '../../adapter/contract.ts';
import { type Feature, features } from '../../adapter/features.ts';
import { featureUses } from '../../adapter/losses.ts';
import type { Finding } from '../../diagnostics/located.ts';
import { type ObjectKey, type Origin, parseObjectKey } from '../../diagnostics/origin.ts';
import { formatFieldPath, parseFieldPath } from '../../lib/field-path.ts';
import type { MeshModel } from '../../model/types.ts';
import { isSmiGroup } from '../../smi/versions.ts';
import { writtenOrigin, writtenPath } from '../../smi/written.ts';
import type { SourceDocument, SourceSet } from '../../source/types.ts';
import { OriginIndex } from '../origin-index.ts';
import { lossDiagnostic, type Translation } from '../translate.ts';
import { type Field, fieldsOf } from './fields.ts';
import { choosing, knownFate, unsaidFate } from './meaning.ts';
import { modelOrigins } from './model-origins.ts';
import { settingFate } from './settings.ts';
import { type Fate, type FieldFate, fates, type Ledger, type LedgerField } from './types.ts';
import { withoutUnasked } from './unasked.ts';

/** What was read, what it means, and what was wrong with it. */
export interface LedgerInput {
  readonly sources: SourceSet;
  readonly model: MeshModel;
  readonly refused: readonly ObjectKey[];
  readonly findings: readonly Finding[];
}

/** A reason why a field is not kept as it is. */
interface Reason extends Pick<FieldFate, 'code'> {
  readonly why: string;
  /** Nothing stands for it. */
  readonly drops: boolean;
}

/** Accounts for every field of every document. */
export function ledgerOf(input: LedgerInput, translator: Translator, translation: Translation): Ledger {
  const { sources } = input;
  const book = new Book(input, translator, translation);
  const objects = sources.documents.map((document) => ({
    object: document.key,
    fields: fieldsOf(document.object).map((field): LedgerField => {
      const location = sources.locate({ object: document.key, path: field.path });
      return {
        ...{ path: field.path, value: field.value, ...book.fateOf(document, field) },
        ...(location === undefined ? {} : { location }),
      };
    }),
  }));
  const totals = Object.fromEntries(fates.map((fate) => [fate, 0])) as Record<Fate, number>;
  for (const { fields } of objects) for (const { fate } of fields) totals[fate] += 1;
  return { adapter: translator.id, objects, totals, score: scoreOf(totals) };
}

function scoreOf({ kept, changed, lost }: Readonly<Record<Fate, number>>): number {
  const all = kept + changed + lost;
  return all === 0 ? 100 : Math.floor((kept / all) * 1_000) / 10;
}

class Book {
  readonly #support: Translator['support'];
  readonly #documents: ReadonlyMap<ObjectKey, SourceDocument>;
  readonly #refusals: ReadonlyMap<ObjectKey, Reason>;
  readonly #kept = new OriginIndex<string>();
  readonly #reasons = new OriginIndex<Reason>();
  readonly #findings = new OriginIndex<Reason>();
  /** `asked`: by a node that traffic comes to; `unasked`: by rules alone that are behind others which take it all. */
  readonly #meant = new OriginIndex<'asked' | 'unasked'>();
  /** The target takes part in the cluster, and finds what is there. */
  readonly #reads: boolean;

  constructor({ sources, model, refused, findings }: LedgerInput, translator: Translator, translation: Translation) {
    this.#support = translator.support;
    this.#documents = new Map(sources.documents.toReversed().map((document) => [document.key, document]));
    this.#refusals = refusalsOf(refused, findings);
    this.#reads = translation.artifacts.every(({ format }) => format === 'kubernetes');
    for (const { name, origins } of translation.artifacts) this.#kept.add(this.#written(origins), name);
    for (const loss of translation.losses) {
      const { code } = lossDiagnostic(translator.id, loss);
      this.#reasons.add(this.#written(loss.origins), { why: loss.text, code, drops: loss.kind === 'dropped' });
    }
    const general = new Map(features.map((feature) => [feature, generally(translator, feature)]));
    for (const { feature, origins } of featureUses(model)) {
      const reason = general.get(feature);
      if (reason !== undefined) this.#reasons.add(this.#written(origins), reason);
    }
    for (const { message, code, origin, related = [] } of translation.refusals) {
      const whole = [...(origin === undefined ? [] : [origin]), ...related];
      this.#reasons.add(this.#written(whole), { why: message, code, drops: true });
    }
    for (const { diagnostic } of findings) {
      const { message: why, code, severity, origin } = diagnostic;
      if (origin !== undefined && severity !== 'info')
        this.#findings.add(this.#written([origin]), { why, code, drops: true });
    }
    this.#meant.add(this.#written(modelOrigins(withoutUnasked(model))), 'asked');
    this.#meant.add(this.#written(modelOrigins(model)), 'unasked');
  }

  fateOf(document: SourceDocument, field: Field): FieldFate {
    const refusal = this.#refusals.get(document.key);
    if (refusal !== undefined) return { fate: 'lost', ...without(refusal) };
    const known = knownFate(document, field.segments, this.#reads);
    if (known !== undefined) return known;
    if (parseObjectKey(document.key).group === 'config.smi-mesh.io') {
      return settingFate(this.#support, String(field.segments[1]), field.value);
    }
    const origin = { object: document.key, path: field.path };
    const documents = this.#documentsOf(document, origin);
    const reasons = this.#reasons.around(origin);
    const findings = this.#findings.around(origin);
    const [reason] = [...reasons.filter(({ drops }) => drops), ...reasons, ...findings];
    const isKept = documents.length > 0;
    if (reason !== undefined)
      return { fate: isKept || !reason.drops ? 'changed' : 'lost', ...without(reason), ...named(documents) };
    if (isKept) return { fate: 'kept', documents };
    const meant = this.#meant.around(origin);
    if (meant.includes('asked')) return { fate: 'lost', why: 'no document says it' };
    if (meant.length > 0)
      return { fate: 'meaningless', why: 'an earlier rule takes every request that this one is about' };
    return unsaidFate(document, field.segments);
  }

  /** Names of the documents that come from a field or something around it. */
  #documentsOf(document: SourceDocument, origin: Origin): readonly string[] {
    const found = this.#kept.around(origin);
    // An annotation is kept where it is named, not by whatever comes from the object.
    if (origin.path.startsWith('metadata.')) return found.filter((name) => !this.#comesFromWhole(document, name));
    if (found.length > 0) return found;
    const chooses = (choosing[document.kind] ?? []).some((path) => {
      const written = formatFieldPath(writtenPath(document, parseFieldPath(path)));
      return (
        origin.path === written || (origin.path.startsWith(written) && /[.[]/.test(origin.path.charAt(written.length)))
      );
    });
    return chooses ? [...this.#kept.touching([{ object: document.key, path: '' }])] : [];
  }

  #comesFromWhole({ key }: SourceDocument, name: string): boolean {
    return this.#kept.around({ object: key, path: '' }).includes(name);
  }

  /** Origins as the authors of the objects wrote the fields. */
  #written(origins: readonly Origin[]): readonly Origin[] {
    return origins.map((origin) => {
      const document = this.#documents.get(origin.object);
      const isSmi = document !== undefined && isSmiGroup(parseObjectKey(document.key).group);
      return isSmi ? writtenOrigin(document, origin) : origin;
    });
  }
}

function without({ why, code }: Reason): Pick<FieldFate, 'why' | 'code'> {
  return { why, ...(code === undefined ? {} : { code }) };
}

function named(documents: readonly string[]): Pick<FieldFate, 'documents'> {
  return documents.length === 0 ? {} : { documents };
}

/** Of each object that the model leaves out, the error that keeps it out. */
function refusalsOf(refused: readonly ObjectKey[], findings: readonly Finding[]): ReadonlyMap<ObjectKey, Reason> {
  const errors = findings.map(({ diagnostic }) => diagnostic).filter(({ severity }) => severity === 'error');
  return new Map(
    refused.map((key) => {
      const error =
        errors.find(({ origin }) => origin?.object === key) ??
        errors.find(({ related }) => related?.some(({ object }) => object === key));
      const reason =
        error === undefined ? { why: 'the object has an error' } : { why: error.message, code: error.code };
      return [key, { ...reason, drops: true }];
    }),
  );
}

/** What the support table says of every use of a feature, where it is not exact. */
function generally({ support }: Translator, feature: Feature): Reason | undefined {
  const entry: Support = support[feature];
  if (entry.level === 'none') return { why: `${feature}: ${entry.why}`, code: 'SMI5002', drops: true };
  if (entry.level === 'exact' || entry.reported === true) return undefined;
  return { why: `${feature}: ${entry.how}`, code: 'SMI5001', drops: false };
}
