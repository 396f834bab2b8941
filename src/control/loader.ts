import { isDeepStrictEqual } from 'node:util';
import { assemble } from '../compile/assemble.ts';
import type { MeshInput } from '../compile/input.ts';
import { isConfigGroup } from '../config/decode.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { type ObjectKey, parseObjectKey } from '../diagnostics/origin.ts';
import { isKubernetesKind } from '../kubernetes/decode.ts';
import { compareText } from '../lib/collections.ts';
import { isPolicyGroup } from '../policy/versions.ts';
import { isSmiGroup } from '../smi/versions.ts';
import { locateWritten } from '../smi/written.ts';
import { createSourceReader } from '../source/read.ts';
import type { SourceDocument } from '../source/types.ts';
import { type Documents, LastGoodFile, restoreLastGood } from './last-good.ts';
import type { SourceLoad } from './object-source.ts';

/** What files mean when they are read. */
export interface Load
  extends Pick<SourceLoad, 'generation' | 'documents' | 'changed' | 'before' | 'refused' | 'diagnostics' | 'locate'> {
  readonly input: MeshInput;
}

/** Reads manifests again and again, and holds on to what was good. */
export class Loader {
  readonly #paths: readonly string[];
  readonly #reader = createSourceReader();
  readonly #kept: LastGoodFile | undefined;
  readonly #atStart: readonly Diagnostic[];
  #lastGood: Documents;
  #inForce: Documents = new Map();
  #generation = 0;

  /** With a directory, what was good survives the process. */
  constructor(paths: readonly string[], stateDirectory: string | undefined) {
    this.#paths = paths;
    this.#kept = stateDirectory === undefined ? undefined : new LastGoodFile(stateDirectory);
    const { documents, diagnostics } = this.#kept?.read() ?? { documents: new Map(), diagnostics: [] };
    this.#lastGood = documents;
    this.#atStart = diagnostics;
  }

  load(): Load {
    const set = this.#reader.read(this.#paths);
    const relevant = { ...set, documents: set.documents.filter(isRelevant) };
    const read = assemble(relevant.documents);
    const refused = new Set(read.refused);
    const restored = restoreLastGood(relevant, refused, this.#lastGood);
    const { documents } = restored;
    // What is kept was good once, perhaps by the rules of an older release: it is decoded like the rest.
    const again = restored.kept.length === 0 && refused.size === 0 ? read : assemble([...documents.values()]);
    // A reference to a refused object is told apart from one to an object that nobody has written.
    const lost = [...refused].filter((key) => !documents.has(key));
    const lostPolicies = (read.input.refusedPolicies ?? []).filter(({ meta }) => !documents.has(meta.key));
    const refusedPolicies = [...new Set([...(again.input.refusedPolicies ?? []), ...lostPolicies])];
    const input = { ...again.input, refused: [...again.refused, ...lost], refusedPolicies };
    const changed = changedKeys(this.#inForce, documents);
    const unwritten = changed.length > 0 ? (this.#kept?.write(documents) ?? []) : [];
    const before = this.#inForce;
    this.#inForce = documents;
    this.#lastGood = documents;
    this.#generation += 1;
    return {
      generation: this.#generation,
      input,
      documents,
      changed,
      before: (key) => before.get(key),
      refused: [...new Set([...refused, ...restored.kept])].sort(compareText),
      diagnostics: [
        ...(this.#generation === 1 ? this.#atStart : []),
        ...set.diagnostics,
        ...read.diagnostics,
        ...restored.diagnostics,
        ...unwritten,
      ],
      locate: locateWritten(set).locate,
    };
  }
}

/** Only what decides something is kept: a folder may hold all kinds of objects, secrets among them. */
function isRelevant(document: SourceDocument): boolean {
  const { group } = parseObjectKey(document.key);
  return isSmiGroup(group) || isKubernetesKind(document) || isConfigGroup(document) || isPolicyGroup(document);
}

function changedKeys(before: Documents, now: Documents): readonly ObjectKey[] {
  const different = [...now.values()]
    .filter((document) => {
      const old = before.get(document.key);
      return old === undefined || (old !== document && !sameObject(old, document));
    })
    .map(({ key }) => key);
  const gone = [...before.keys()].filter((key) => !now.has(key));
  return [...different, ...gone].sort(compareText);
}

function sameObject(a: SourceDocument, b: SourceDocument): boolean {
  return a.apiVersion === b.apiVersion && isDeepStrictEqual(a.object, b.object);
}
