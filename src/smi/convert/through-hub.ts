import { isDeepStrictEqual } from 'node:util';
import { objectKey } from '../../diagnostics/origin.ts';
import { schemaFaults } from '../schemas.ts';
import { explainFault } from '../shape.ts';
import { applyDifference, type Difference, difference } from './difference.ts';
import { formOf, hubVersion, type KindVersion } from './kinds.ts';
import { sameMeaning } from './meaning.ts';
import {
  type Annotations,
  formatPreserved,
  type Preserved,
  parsePreserved,
  valueHash,
  versionAnnotation,
} from './preserved.ts';
import { type Body, meant, type Said, sameAsHub, type VersionForm } from './version-form.ts';

/** The body of an object that is refused, in versions in which it was not written: it is refused there too. */
const refused: Body = {};

/**
 * What an object says, in the terms of the hub. What an annotation of an earlier conversion keeps is put back while it still
 * belongs to the body; what the hub would not give back as it was written is kept in an annotation in turn.
 */
export function toHub(
  from: KindVersion,
  body: Body,
  annotations: Annotations,
): { hub: Body; annotations: Annotations } {
  const form = formFor(from);
  if (isHub(from)) {
    return { hub: form.toHub(body, annotations) ?? refused, annotations: without(annotations, form.annotations ?? []) };
  }
  const hub = readThroughHub(from, body, annotations);
  const keptHere = versionAnnotation(from.version);
  const keptThere = versionAnnotation(hubVersion(from.group, from.kind) ?? '');
  const rest = without(annotations, [keptHere, keptThere, ...(form.annotations ?? [])]);
  const text = difference(sayPlainly(from, hub).body, body);
  return { hub, annotations: text === undefined ? rest : { ...rest, [keptHere]: formatPreserved(hub, { ...text }) } };
}

/** The hub body alone: what reading an object needs. */
export function readThroughHub(from: KindVersion, body: Body, annotations: Annotations): Body {
  const form = formFor(from);
  if (isHub(from)) return form.toHub(body, annotations) ?? refused;
  const plain = plainHub(from, body, annotations);
  const kept = keptDifference(annotations, hubVersion(from.group, from.kind) ?? '', meant(form, body));
  return kept === undefined ? plain : applyDifference(plain, kept);
}

export interface SaidInVersion extends Said {
  readonly annotations: Annotations;
  /** Whether the body alone, without annotations, means less than the hub body. */
  readonly narrowed: boolean;
}

/**
 * The hub body in the terms of a version: never more than the hub says, even to a reader who ignores annotations, except
 * where the form says `openTo`. What it cannot say is kept in the annotation named after the hub's version.
 */
export function fromHub(to: KindVersion, hub: Body, annotations: Annotations): SaidInVersion {
  const plain = sayPlainly(to, hub);
  const rest = without(annotations, isHub(to) ? [] : [versionAnnotation(to.version)]);
  const withOwn = { ...rest, ...plain.annotations };
  if (isHub(to)) return { body: plain.body, annotations: withOwn, narrowed: false };
  const text = keptDifference(annotations, to.version, hub);
  if (text !== undefined) {
    const body = applyDifference(plain.body, text);
    if (isDeepStrictEqual(plainHub(to, body, plain.annotations ?? {}), hub))
      return { body, annotations: withOwn, narrowed: false };
  }
  const heard = plainHub(to, plain.body, plain.annotations ?? {});
  const kept = difference(heard, hub);
  if (kept === undefined) return { body: plain.body, annotations: withOwn, narrowed: false };
  const keptThere = versionAnnotation(hubVersion(to.group, to.kind) ?? '');
  return {
    body: plain.body,
    annotations: { ...withOwn, [keptThere]: formatPreserved(meant(formFor(to), plain.body), { ...kept }) },
    narrowed: !sameMeaning(to.kind, heard, hub),
  };
}

/** Whether the schema of the version takes the body. Fields that it does not know are no obstacle. */
export function accepts({ group, kind, version }: KindVersion, body: Body): boolean {
  const object = { apiVersion: `${group}/${version}`, kind, metadata: { name: 'x' }, ...body };
  const key = objectKey(group, kind, 'default', 'x');
  const faults = schemaFaults(group, version, kind, object);
  return faults.every((fault) => explainFault(key, object, fault)?.severity !== 'error');
}

function plainHub(from: KindVersion, body: Body, annotations: Annotations): Body {
  return accepts(from, body) ? (formFor(from).toHub(body, annotations) ?? refused) : refused;
}

function sayPlainly(to: KindVersion, hub: Body): Said {
  if (isHub(to)) return formFor(to).fromHub(hub);
  const hubKind = { ...to, version: hubVersion(to.group, to.kind) ?? '' };
  return accepts(hubKind, formFor(hubKind).fromHub(hub).body) ? formFor(to).fromHub(hub) : { body: refused };
}

function keptDifference(annotations: Annotations, version: string, belongsTo: Body): Difference | undefined {
  const kept = parsePreserved(annotations[versionAnnotation(version)]);
  return kept !== undefined && isDifference(kept) && kept.of === valueHash(belongsTo) ? kept : undefined;
}

function isDifference(kept: Preserved): kept is Preserved & Difference {
  return typeof kept.value === 'object' && kept.value !== null && !Array.isArray(kept.value);
}

function isHub({ group, kind, version }: KindVersion): boolean {
  return hubVersion(group, kind) === version;
}

function formFor(version: KindVersion): VersionForm {
  return formOf(version) ?? sameAsHub;
}

function without(annotations: Annotations, names: readonly string[]): Annotations {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !names.includes(name)));
}
