import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey } from '../diagnostics/origin.ts';
import { formatFieldPath, type PathSegment } from '../lib/field-path.ts';
import { closest } from '../lib/suggest.ts';
import { isRecord } from '../lib/values.ts';
import { localOutboundAnnotation, localPortsAnnotation } from './local-addressing.ts';
import { configHashAnnotation, injectLabel, podAnnotations } from './names.ts';

const prefix = 'smi-mesh.io/';

/** What is read of pods and of namespaces, by the field that it stands in. */
const known = {
  pod: {
    labels: [injectLabel],
    annotations: [
      ...Object.values(podAnnotations),
      configHashAnnotation,
      localPortsAnnotation,
      localOutboundAnnotation,
    ],
  },
  namespace: { labels: [injectLabel], annotations: [] },
} as const satisfies Record<string, Readonly<Record<'labels' | 'annotations', readonly string[]>>>;

/**
 * Labels and annotations of ours that nobody reads: misspelt, or in the other field. `path` leads to what has the `metadata`, a
 * namespace, a pod or the template of one.
 */
export function strayNames(
  metadata: unknown,
  of: keyof typeof known,
  place: { readonly object: ObjectKey; readonly path: readonly PathSegment[] },
): readonly Diagnostic[] {
  if (!isRecord(metadata)) return [];
  return (['labels', 'annotations'] as const).flatMap((field) =>
    ownNames(metadata[field])
      .filter((name) => !(known[of][field] as readonly string[]).includes(name))
      .map((name) => {
        const path = formatFieldPath([...place.path, 'metadata', field, name]);
        const message = `nobody reads the ${singular[field]} ${name} of a ${of}`;
        const hint = hintOf(name, field, of);
        return diagnostic('SMI4516', {
          message,
          origin: { object: place.object, path },
          ...(hint === undefined ? {} : { hint }),
        });
      }),
  );
}

const singular = { labels: 'label', annotations: 'annotation' } as const;

function ownNames(value: unknown): readonly string[] {
  return isRecord(value) ? Object.keys(value).filter((name) => name.startsWith(prefix)) : [];
}

function hintOf(name: string, field: 'labels' | 'annotations', of: keyof typeof known): string | undefined {
  const other = field === 'labels' ? 'annotations' : 'labels';
  if ((known[of][other] as readonly string[]).includes(name))
    return `Write it as ${article[other]}: metadata.${other}.`;
  const near = nearest(name, known[of][field]);
  if (near !== undefined) return `Did you mean ${near}?`;
  const elsewhere = nearest(name, known[of][other]);
  return elsewhere === undefined ? undefined : `Did you mean the ${singular[other]} ${elsewhere}?`;
}

const article = { labels: 'a label', annotations: 'an annotation' } as const;

/** The common prefix is no likeness. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const near = closest(
    name.slice(prefix.length),
    names.map((each) => each.slice(prefix.length)),
  );
  return near === undefined ? undefined : `${prefix}${near}`;
}
