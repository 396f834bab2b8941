import { Document, isMap, isScalar, isSeq, type Node, parseAllDocuments, type Scalar, visit } from 'yaml';
import { type PathSegment, parseFieldPath } from '../../lib/field-path.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { Edit } from './edit.ts';
import { editJson } from './json.ts';
import { Reconciler } from './reconcile.ts';

/** A slice of a text and what stands there instead. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The text of a file with some of its objects changed; comments, the order of keys and everything that has not changed stay
 * as they are. The text must be one that the reader accepts, and the objects those that it read there. `error`: why that is
 * not possible.
 */
export function editText(text: string, edits: readonly Edit[]): Result<string, string> {
  const json = editJson(text, edits);
  if (json !== undefined) return ok(json);
  const documents = parseAllDocuments(text, { merge: true, strict: false, uniqueKeys: false });
  if (!Array.isArray(documents)) return err('it has no documents');
  const splices: Splice[] = [];
  for (const [index, edited] of Map.groupBy(edits, ({ document }) => document.index)) {
    const document = documents[index];
    if (document === undefined || document.errors.length > 0) return err(`its document ${index + 1} cannot be edited`);
    const found = editDocument(text, document, edited);
    if (!found.ok) return found;
    splices.push(...found.value);
  }
  const ordered = splices.toSorted((a, b) => b.start - a.start);
  return ok(
    ordered.reduce((result, { start, end, text: by }) => result.slice(0, start) + by + result.slice(end), text),
  );
}

function editDocument(
  text: string,
  document: Document.Parsed,
  edits: readonly Edit[],
): Result<readonly Splice[], string> {
  const reconciler = new Reconciler(document);
  for (const { document: read, object } of edits) {
    const node = nodeAt(document.contents, parseFieldPath(read.within ?? ''));
    if (!isMap(node)) return err('an object in it is written as an alias');
    reconciler.map(node, read.object, object);
  }
  if (!reconciler.structural) return ok(reconciler.scalars.map(({ node, value }) => scalarSplice(node, value)));
  for (const { node, value } of reconciler.scalars) node.value = value;
  const { contents } = document;
  if (contents?.range == null) return err('it is empty');
  const [start, , end] = contents.range;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const rendered = tryRender(text, contents)?.replaceAll('\n', newline);
  if (rendered === undefined) return err('an alias in it refers to what is gone');
  return ok([{ start, end, text: text.slice(start, end).endsWith('\n') ? rendered : rendered.trimEnd() }]);
}

function nodeAt(root: Node | null, path: readonly PathSegment[]): unknown {
  let node: unknown = root;
  for (const segment of path) node = isMap(node) || isSeq(node) ? node.get(segment, true) : undefined;
  return node;
}

/** A scalar in its old quotes. */
function scalarSplice(node: Scalar, value: unknown): Splice {
  const [start, end] = node.range ?? [0, 0];
  const scalar = new Document(value).contents as Scalar;
  if (typeof value === 'string' && node.type !== undefined) scalar.type = node.type;
  const text = new Document(scalar).toString({ lineWidth: 0, singleQuote: true }).trimEnd();
  return { start, end, text };
}

/** `undefined` when an alias has lost its anchor. */
function tryRender(text: string, contents: Node): string | undefined {
  try {
    return render(text, contents);
  } catch {
    return undefined;
  }
}

/** The contents of a document in the style of the text: its indentation, lists at the column of their key or not. */
function render(text: string, contents: Node): string {
  // What stands above the first key is not part of the contents' range, and stays.
  contents.commentBefore = null;
  const first = isMap(contents) ? contents.items[0]?.key : undefined;
  if (isScalar(first)) first.commentBefore = null;
  const fresh = new Document(undefined, { merge: true });
  fresh.contents = contents;
  return fresh.toString({
    lineWidth: 0,
    singleQuote: true,
    flowCollectionPadding: !/[{[][^\s}\]]/.test(text),
    ...layout(text, contents),
  });
}

function layout(text: string, contents: Node): { indent: number; indentSeq: boolean } {
  let indent: number | undefined;
  let indentSeq: boolean | undefined;
  visit(contents, {
    Pair(_key, { key, value }) {
      if (!isScalar(key) || key.range == null || (!isMap(value) && !isSeq(value))) return;
      if (value.flow || value.range == null) return;
      const deeper = column(text, value.range[0]) - column(text, key.range[0]);
      if (isSeq(value)) indentSeq ??= deeper > 0;
      else if (deeper > 0) indent ??= deeper;
    },
  });
  return { indent: Math.max(indent ?? 2, 1), indentSeq: indentSeq ?? true };
}

function column(text: string, offset: number): number {
  return offset - (text.lastIndexOf('\n', offset - 1) + 1);
}
