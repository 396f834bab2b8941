import { isDeepStrictEqual } from 'node:util';
import type { CompileOptions } from '../../compile/index.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import { preservedPrefix } from '../../smi/convert/preserved.ts';
import type { AdmissionAnswer, AdmissionHandler } from '../admission.ts';
import { sentence } from '../sentence.ts';
import { admittedDocument } from './document.ts';
import { type Examination, examine } from './examine.ts';
import type { ClusterView } from './neighbours.ts';

export interface ValidatorOptions {
  readonly compile: CompileOptions;
  /** The cluster as it is now; absent, or nothing: references are not looked at. */
  readonly view?: () => ClusterView | undefined;
}

const nothing: Examination = { errors: [], warnings: [] };

/**
 * Refuses what has errors of its own, and warns of the rest. It holds nobody up who does not make an object worse: what is
 * deleted, what stays as it is but for metadata and status, and errors that the object had before pass.
 */
export function createValidator({ compile, view }: ValidatorOptions): AdmissionHandler {
  const ask = (object: Fields | undefined): Examination => {
    const document = object && admittedDocument(object);
    return document === undefined ? nothing : examine(document, compile, view?.());
  };
  return ({ operation, subResource, object, oldObject }) => {
    if (object === undefined || subResource !== undefined || isBeingDeleted(object)) return {};
    if (operation === 'CREATE') return answer(ask(object));
    if (operation !== 'UPDATE' || oldObject === undefined || meansTheSame(object, oldObject)) return {};
    const { errors, warnings } = ask(object);
    if (errors.length === 0) return answer({ errors, warnings });
    const before = new Set(ask(oldObject).errors.map(identity));
    const isNew = (error: Diagnostic) => !before.has(identity(error));
    return answer({
      errors: errors.filter(isNew),
      warnings: [...errors.filter((error) => !isNew(error)), ...warnings],
    });
  };
}

function isBeingDeleted({ metadata }: Fields): boolean {
  return isRecord(metadata) && metadata.deletionTimestamp != null;
}

/** Whether two versions of an object differ in nothing that decides: annotations of the conversion are part of its meaning. */
function meansTheSame(one: Fields, other: Fields): boolean {
  return isDeepStrictEqual(meaning(one), meaning(other));
}

function meaning({ metadata, status: _, ...body }: Fields): unknown {
  const annotations = isRecord(metadata) && isRecord(metadata.annotations) ? metadata.annotations : {};
  return [body, Object.fromEntries(Object.entries(annotations).filter(([name]) => name.startsWith(preservedPrefix)))];
}

function identity({ code, message, origin }: Diagnostic): string {
  return JSON.stringify([code, message, origin?.path]);
}

function answer({ errors, warnings }: Examination): AdmissionAnswer {
  const said = [...new Set(warnings.map(sentence))];
  const withWarnings = said.length === 0 ? {} : { warnings: said };
  if (errors.length === 0) return withWarnings;
  const message = [...new Set(errors.slice(0, mostErrors).map(sentence))].join('\n');
  return { ...withWarnings, refusal: { code: 422, reason: 'Invalid', message } };
}

const mostErrors = 20;
