import { isDeepStrictEqual } from 'node:util';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { describeObject, parseObjectKey } from '../../diagnostics/origin.ts';
import type { Fields } from '../../lib/values.ts';
import { convert } from '../../smi/convert/convert.ts';
import { reportKept } from '../../smi/convert/report.ts';
import { isSmiGroup, versionsOf } from '../../smi/versions.ts';
import { editText } from '../../source/edit/index.ts';
import { parseSource } from '../../source/parse.ts';
import type { SourceDocument } from '../../source/types.ts';
import type { TargetVersion } from './targets.ts';

/** One file and what becomes of it. */
export interface FilePlan {
  readonly file: string;
  /** The text as it will be; `undefined` when it cannot be written. */
  readonly text?: string;
  readonly objects: readonly Fields[];
  /** How many of its objects change. */
  readonly converted: number;
  readonly diagnostics: readonly Diagnostic[];
}

export interface PlanOptions {
  readonly target: TargetVersion;
  /** What only an annotation can say is an error. */
  readonly strict: boolean;
}

/** Converts the objects of one file that are meant. Nothing is written. */
export function planFile(file: string, text: string, options: PlanOptions): FilePlan {
  const outcomes = parseSource(file, text).documents.map((document) => ({
    document,
    ...convertDocument(document, options),
  }));
  const diagnostics = outcomes.flatMap((outcome) => outcome.diagnostics);
  const objects = outcomes.map(({ object }) => object);
  const edits = outcomes.filter(({ document, object }) => object !== document.object);
  const plan = { file, objects, converted: edits.length, diagnostics };
  if (edits.length === 0) return { ...plan, text };
  const edited = editText(text, edits);
  if (edited.ok && reads(file, edited.value, objects)) return { ...plan, text: edited.value };
  const why = edited.ok ? 'it uses aliases or merge keys in what changes' : edited.error;
  const message = `${file} cannot be edited: ${why}`;
  const location = { file, line: 1, column: 1 };
  return { ...plan, diagnostics: [...diagnostics, diagnostic('SMI1011', { message, location })] };
}

/** Whether a text holds exactly these objects. */
function reads(file: string, text: string, objects: readonly Fields[]): boolean {
  const { documents } = parseSource(file, text);
  return isDeepStrictEqual(
    documents.map(({ object }) => object),
    objects,
  );
}

function convertDocument(
  document: SourceDocument,
  { target, strict }: PlanOptions,
): { readonly object: Fields; readonly diagnostics: readonly Diagnostic[] } {
  const { key, kind, object } = document;
  const { group } = parseObjectKey(key);
  const version = isSmiGroup(group) ? target(group, kind) : undefined;
  if (version === undefined || document.apiVersion === `${group}/${version}`) return { object, diagnostics: [] };
  if (!versionsOf(group, kind)?.served.includes(version)) {
    const message = `${describeObject(key)} stays in ${document.apiVersion}: ${kind} has no version ${version}`;
    const severity = strict ? 'error' : 'warning';
    return {
      object,
      diagnostics: [diagnostic('SMI2035', { message, severity, origin: { object: key, path: 'apiVersion' } })],
    };
  }
  // Items of a typed list have their version and kind from the list.
  const conversion = convert({ ...object, apiVersion: document.apiVersion, kind }, `${group}/${version}`);
  if (!conversion.ok) return { object, diagnostics: conversion.error };
  return { object: conversion.value.object, diagnostics: reportKept(key, conversion.value, strict) };
}
