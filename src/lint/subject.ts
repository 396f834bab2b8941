import type { MeshInput } from '../compile/input.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { ObjectKey, Origin } from '../diagnostics/origin.ts';
import { formatFieldPath, type PathSegment } from '../lib/field-path.ts';
import type { MeshModel } from '../model/types.ts';
import type { SourceDocument } from '../source/types.ts';

/** What lints look at: the objects as written, decoded, and what they mean together. */
export interface LintSubject {
  readonly documents: readonly SourceDocument[];
  readonly input: MeshInput;
  readonly model: MeshModel;
  /** How a namespace's path expressions are anchored. */
  readonly pathRegexMode: (namespace: string) => 'spec' | 'full';
  /** The Service that a split of a namespace names. */
  readonly serviceNamed: (name: string, namespace: string) => string | undefined;
}

/** One question that is asked of all objects. It reports nothing that reading or compiling reports already. */
export type Lint = (subject: LintSubject) => Iterable<Diagnostic>;

/** An origin at a field of an object; the field paths are those of the hub version. */
export function fieldOf(
  object: { readonly meta: { readonly key: ObjectKey } },
  ...path: readonly PathSegment[]
): Origin {
  return { object: object.meta.key, path: formatFieldPath(path) };
}

/** `NAMESPACE/NAME`. */
export function idOf({ meta }: { readonly meta: { readonly namespace: string; readonly name: string } }): string {
  return `${meta.namespace}/${meta.name}`;
}
