import { isDeepStrictEqual } from 'node:util';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { formatFieldPath } from '../../lib/field-path.ts';
import type { SourceDocument } from '../../source/types.ts';
import type { Decoded } from '../decoded.ts';
import { formOf, hubVersion } from './kinds.ts';
import { putTogether, takeApart } from './manifest.ts';
import { destinationPortAnnotation, parsePreserved, valueHash, versionAnnotation } from './preserved.ts';
import { accepts, readThroughHub } from './through-hub.ts';
import { meant } from './version-form.ts';

/**
 * The document with what annotations of an earlier conversion keep put back: then it is a document of the hub, with
 * `spec.destination.port` as a field. Others are returned as they are. The object's own schema has accepted it. Annotations
 * count as part of an object: one that cannot be read refuses it, one whose value has changed since is ignored.
 */
export function restorePreserved(document: SourceDocument): Decoded<SourceDocument> {
  const manifest = takeApart(document.object);
  const newest = hubVersion(manifest.group, manifest.kind);
  const form = formOf(manifest);
  if (newest === undefined || form === undefined) return { value: document, diagnostics: [] };
  const keptHere = newest === manifest.version ? [] : [versionAnnotation(newest)];
  const present = [...keptHere, ...(form.annotations ?? [])].filter((name) =>
    Object.hasOwn(manifest.annotations, name),
  );
  if (present.length === 0) return { value: document, diagnostics: [] };
  const hub = readThroughHub(manifest, manifest.body, manifest.annotations);
  const diagnostics = present.flatMap((name) => fault(document, name) ?? []);
  const hubKind = { ...manifest, version: newest };
  const written = formOf(hubKind)?.fromHub(hub).body ?? hub;
  if (!accepts(hubKind, written)) {
    const message = `what ${present.join(' and ')} says is no ${manifest.kind} of ${newest}`;
    diagnostics.push(diagnostic('SMI2031', { message, origin: originOf(document, present[0] ?? '') }));
  }
  if (diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics };
  const same = isDeepStrictEqual(hub, manifest.body);
  const object = same ? document.object : putTogether({ ...hubKind, body: hub });
  return { value: { ...document, apiVersion: String(object.apiVersion), object }, diagnostics };
}

function fault(document: SourceDocument, name: string): Diagnostic | undefined {
  const origin = originOf(document, name);
  const manifest = takeApart(document.object);
  const { annotations, body } = manifest;
  const kept = parsePreserved(annotations[name]);
  if (kept === undefined) {
    return diagnostic('SMI2031', { message: `the annotation ${name} is not what a conversion writes`, origin });
  }
  const isPort = name === destinationPortAnnotation;
  const port = Number.isInteger(kept.value) ? Number(kept.value) : 0;
  if (isPort && (port < 1 || port > 65_535)) {
    return diagnostic('SMI2031', { message: `the annotation ${name} holds no port from 1 to 65535`, origin });
  }
  const belongsTo = isPort
    ? (body.spec as { readonly destination?: unknown } | undefined)?.destination
    : meant(formOf(manifest), body);
  if (kept.of === valueHash(belongsTo)) return undefined;
  const what = isPort ? 'spec.destination' : 'the object';
  return diagnostic('SMI2030', { message: `the annotation ${name} is ignored: ${what} has changed since`, origin });
}

function originOf(document: SourceDocument, name: string) {
  return { object: document.key, path: formatFieldPath(['metadata', 'annotations', name]) };
}
