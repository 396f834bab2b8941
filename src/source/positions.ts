import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';
import type { PathSegment } from '../lib/field-path.ts';
import { yamlEvents } from './yaml.ts';

/** A range of offsets in a text; `end` is absent when only the start is known. */
export interface Range {
  readonly start: number;
  readonly end?: number;
}

/** The values of a text with their places. */
type Node =
  | { readonly kind: 'scalar'; readonly range: Range; readonly text: string }
  | { readonly kind: 'alias'; readonly range: Range; readonly target: Node | undefined }
  | { readonly kind: 'sequence'; readonly range: Range; readonly items: Node[] }
  | { readonly kind: 'mapping'; readonly range: Range; readonly items: Node[] };

/** What a path leads to: the value, and the key in front of it when it is a field of a mapping. */
export interface Place {
  readonly key?: Range;
  readonly value: Range;
  /** Whether the value is a scalar or an alias, so that marking it marks all of it. */
  readonly simple: boolean;
  /** How many segments of the path exist. */
  readonly depth: number;
}

/** Syntax trees of the documents of a text that `parseYaml` has accepted. Costly: made only for files that are reported. */
export function documentTrees(text: string): readonly Node[] {
  const documents: Node[] = [];
  const anchors = new Map<string, Node>();
  const open: Node[][] = [];
  let target: Node[] = documents;
  for (const event of yamlEvents(text)) {
    if (event.type === EVENT_ID.POP) {
      target = open.pop() ?? documents;
      continue;
    }
    if (event.type === EVENT_ID.DOCUMENT) {
      open.push(target);
      anchors.clear();
      continue;
    }
    const node = nodeOf(event, text, anchors);
    if (event.type !== EVENT_ID.ALIAS && event.anchorStart >= 0) {
      anchors.set(text.slice(event.anchorStart, event.anchorEnd), node);
    }
    target.push(node);
    if (node.kind === 'mapping' || node.kind === 'sequence') {
      open.push(target);
      target = node.items;
    }
  }
  return documents;
}

type ContentEvent = Exclude<Event, { type: typeof EVENT_ID.POP } | { type: typeof EVENT_ID.DOCUMENT }>;

function nodeOf(event: ContentEvent, text: string, anchors: ReadonlyMap<string, Node>): Node {
  switch (event.type) {
    case EVENT_ID.ALIAS: {
      const range = { start: event.anchorStart - 1, end: event.anchorEnd };
      return { kind: 'alias', range, target: anchors.get(text.slice(event.anchorStart, event.anchorEnd)) };
    }
    case EVENT_ID.SEQUENCE:
      return { kind: 'sequence', range: { start: event.start }, items: [] };
    case EVENT_ID.MAPPING:
      return { kind: 'mapping', range: { start: event.start }, items: [] };
    case EVENT_ID.SCALAR:
      return { kind: 'scalar', range: scalarRange(event), text: getScalarValue(text, event) };
  }
}

function scalarRange(event: ScalarEvent): Range {
  const quote = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0;
  return { start: event.valueStart - quote, end: event.valueEnd + quote };
}

/** Follows a path as far as it exists. The value's range starts at -1 when the value is empty in the text. */
export function findPlace(root: Node, segments: readonly PathSegment[]): Place {
  let node = root;
  let key: Range | undefined;
  let depth = 0;
  for (const segment of segments) {
    const next = child(node, segment);
    if (next === undefined) break;
    node = next.value;
    key = next.key;
    depth += 1;
  }
  const simple = node.kind === 'scalar' || node.kind === 'alias';
  return { ...(key === undefined ? {} : { key }), value: visibleRange(node), simple, depth };
}

/** A mapping is shown by its first key. */
function visibleRange(node: Node): Range {
  const first = node.kind === 'mapping' ? node.items[0] : undefined;
  return first?.kind === 'scalar' ? first.range : node.range;
}

function child(parent: Node, segment: PathSegment): { readonly key?: Range; readonly value: Node } | undefined {
  const node = parent.kind === 'alias' ? parent.target : parent;
  if (node?.kind === 'sequence') {
    const value = typeof segment === 'number' ? node.items[segment] : undefined;
    return value === undefined ? undefined : { value };
  }
  if (node?.kind !== 'mapping') return undefined;
  let merged: Node | undefined;
  for (let index = 0; index + 1 < node.items.length; index += 2) {
    const key = node.items[index];
    const value = node.items[index + 1];
    if (key?.kind !== 'scalar' || value === undefined) continue;
    if (key.text === String(segment)) return { key: key.range, value };
    if (key.text === '<<') merged = value;
  }
  return merged === undefined ? undefined : mergedChild(merged, segment);
}

function mergedChild(merged: Node, segment: PathSegment): ReturnType<typeof child> {
  const source = merged.kind === 'alias' ? merged.target : merged;
  if (source?.kind !== 'sequence') return source === undefined ? undefined : child(source, segment);
  for (const item of source.items) {
    const found = child(item, segment);
    if (found !== undefined) return found;
  }
  return undefined;
}
