import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { type ObjectKey, objectKey } from '../../diagnostics/origin.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import { closest } from '../../lib/suggest.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import { versionsOf } from '../versions.ts';
import { formOf, hubVersion, type KindVersion } from './kinds.ts';
import { type Manifest, putTogether, takeApart } from './manifest.ts';
import { type Annotations, parsePreserved, preservedPrefix, versionAnnotation } from './preserved.ts';
import { fromHub, type SaidInVersion, toHub } from './through-hub.ts';

/** One annotation that a conversion has written, and what it means to a reader who does not know it. */
export interface Kept {
  readonly annotation: string;
  /** Field paths of the version that can say them. */
  readonly fields: readonly string[];
  /**
   * `spelling`: nothing, the meaning is there. `hidden`: the object means less without it. `open`: the object means more
   * without it, because the version has no field that could narrow it. `lost`: as `hidden`, and the annotation was left out
   * because an object can hold no more of them.
   */
  readonly effect: 'spelling' | 'hidden' | 'open' | 'lost';
  /** For `open`: what is open. */
  readonly opens?: string;
}

export interface Conversion {
  readonly object: Fields;
  readonly kept: readonly Kept[];
}

/**
 * An object in another version of its kind, for a Kubernetes conversion webhook: of the metadata only annotations change,
 * and every object of a served version converts, also one that its version would refuse. It never means more than before:
 * what the version cannot say is narrowed away and kept in annotations, from which converting back restores it exactly.
 * `targetApiVersion` is `group/version`; the only errors are kinds and versions that are not served (SMI2011).
 */
export function convertObject(object: Fields, targetApiVersion: string): Result<Fields, readonly Diagnostic[]> {
  const conversion = convert(object, targetApiVersion);
  return conversion.ok ? ok(conversion.value.object) : conversion;
}

/** The same, with what was kept in annotations. */
export function convert(object: Fields, targetApiVersion: string): Result<Conversion, readonly Diagnostic[]> {
  const manifest = takeApart(object);
  const { group, kind, version } = manifest;
  const target = takeApart({ apiVersion: targetApiVersion, kind });
  const refusal = versionFault(manifest, manifest) ?? versionFault(manifest, target);
  if (refusal !== undefined) return err([refusal]);
  if (target.version === version) return ok({ object, kept: [] });
  const lifted = toHub(manifest, manifest.body, manifest.annotations);
  const to: KindVersion = { group, kind, version: target.version };
  const said = fromHub(to, lifted.hub, lifted.annotations);
  const { kept, annotations } = fitting(newlyKept(manifest, to, said), said.annotations);
  return ok({ object: putTogether({ ...manifest, ...to, body: said.body, annotations }), kept });
}

/** What Kubernetes lets all annotations of an object hold together, in bytes. */
const annotationsLimit = 256 * 1024;

/**
 * The annotations without those that would make the object one that Kubernetes refuses: a list of objects is not to fail for
 * one of them. Where leaving one out would mean more, it stays.
 */
function fitting(kept: readonly Kept[], annotations: Annotations): { kept: readonly Kept[]; annotations: Annotations } {
  if (sizeOf(annotations) <= annotationsLimit) return { kept, annotations };
  const droppable = new Set(kept.filter(({ effect }) => effect !== 'open').map(({ annotation }) => annotation));
  return {
    kept: kept.map((item) => (droppable.has(item.annotation) ? { ...item, effect: 'lost' } : item)),
    annotations: Object.fromEntries(Object.entries(annotations).filter(([name]) => !droppable.has(name))),
  };
}

function sizeOf(annotations: Annotations): number {
  // Of an object that its version would refuse, a value may be anything, also what cannot become text by itself.
  const bytes = (value: unknown) => Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
  return Object.entries(annotations).reduce((sum, [name, value]) => sum + bytes(name) + bytes(value), 0);
}

function versionFault(object: Manifest, { group, version }: Manifest): Diagnostic | undefined {
  const served = group === object.group ? (versionsOf(group, object.kind)?.served ?? []) : [];
  if (served.includes(version)) return undefined;
  const near = closest(version, served) ?? served[0];
  const message =
    group === object.group
      ? `${object.kind} has no version ${version}`
      : `${object.kind} of ${object.group} cannot become one of ${group}`;
  return diagnostic('SMI2011', {
    message,
    origin: { object: keyOf(object), path: 'apiVersion' },
    ...(near === undefined ? {} : { hint: `Its versions are ${served.toSorted().join(', ')}; ${near} is nearest.` }),
  });
}

function keyOf({ group, kind, metadata }: Manifest): ObjectKey {
  const { name, namespace } = isRecord(metadata) ? metadata : {};
  return objectKey(group, kind, String(namespace ?? 'default'), String(name ?? ''));
}

/** Annotations that were not there before, or said something else. */
function newlyKept(from: Manifest, to: KindVersion, { annotations, narrowed }: SaidInVersion): readonly Kept[] {
  const form = formOf(to);
  const names = Object.keys(annotations).filter((name) => name.startsWith(preservedPrefix));
  return names.flatMap((annotation): Kept[] => {
    if (annotations[annotation] === from.annotations[annotation]) return [];
    const opens = form?.openTo === undefined ? {} : { effect: 'open' as const, opens: form.openTo };
    if (form?.annotations?.includes(annotation)) {
      return [{ annotation, fields: ['spec.destination.port'], effect: 'hidden', ...opens }];
    }
    const content = parsePreserved(annotations[annotation]);
    const fields = [...Object.keys((content?.value ?? {}) as Fields), ...(content?.without ?? [])];
    const hidden = narrowed && annotation === versionAnnotation(hubVersion(to.group, to.kind) ?? '');
    if (!hidden) return [{ annotation, fields, effect: 'spelling' }];
    return [{ annotation, fields, effect: 'hidden', ...(form?.annotations === undefined ? opens : {}) }];
  });
}
