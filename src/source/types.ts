import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Locate, ObjectKey } from '../diagnostics/origin.ts';

/** One YAML or JSON document that has the outer shape of a Kubernetes object (apiVersion, kind, metadata.name). */
export interface SourceDocument {
  readonly key: ObjectKey;
  readonly apiVersion: string;
  readonly kind: string;
  /** As shown to the user: the path that was given, or `<stdin>`. */
  readonly file: string;
  /** Of the YAML document, counting from 0 within the file. */
  readonly index: number;
  /** Where the object stands in its YAML document when it is an item of a List: `items[2]`. */
  readonly within?: string;
  /** The parsed object; `metadata.namespace` is as written. */
  readonly object: Readonly<Record<string, unknown>>;
  /** Of an object of a cluster: what changed it last, as far as the cluster knows. */
  readonly writer?: Writer;
}

/** A field manager (`metadata.managedFields`), and when it wrote, in the form of RFC 3339. */
export interface Writer {
  readonly manager: string;
  readonly time: string;
}

/** What was read, what was wrong with it, and a way back from an origin to its line. */
export interface SourceSet {
  readonly files: readonly SourceFile[];
  readonly documents: readonly SourceDocument[];
  readonly diagnostics: readonly Diagnostic[];
  /** Files that could not be parsed, or have no text at all: what was loaded from them before stays in force. */
  readonly brokenFiles: readonly string[];
  readonly locate: Locate;
  /** The text of a line, counted from 1, for showing it to people. */
  readonly lineOf: LineOf;
}

export type LineOf = (file: string, line: number) => string | undefined;

/** One file, read and parsed; it does not depend on any other file, so it can be kept while the file does not change. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
  readonly documents: readonly SourceDocument[];
  readonly diagnostics: readonly Diagnostic[];
  /** True when nothing could be taken from it. */
  readonly broken: boolean;
}
