import { type Origin, parseObjectKey } from '../../diagnostics/origin.ts';
import type { Leaf } from './fields.ts';

/** What is known of a refused resource. */
export interface Evidence {
  /** The fields that the resource was made from. */
  readonly origins: readonly Origin[];
  /** Whether a field says something else than when the proxy took this resource last; `undefined` when it never did. */
  readonly changed: ((origin: Origin) => boolean) | undefined;
  readonly leavesOf: (origin: Origin) => readonly Leaf[];
  /** The resource's name, which says nothing when the proxy repeats it. */
  readonly name: string;
  /** The proxy's words. */
  readonly detail: string;
}

export interface Blame {
  /** The field that is most likely at fault; absent for a resource that comes from no object. */
  readonly origin?: Origin;
  /** Others that may be. */
  readonly related: readonly Origin[];
  /** How the field was found: the proxy names its text, it alone changed, or it is the first of what the resource is made from. */
  readonly by: 'text' | 'change' | 'resource';
}

/** Shorter texts (`GET`, `80`) occur in errors by chance. */
const minTextLength = 4;
const maxRelated = 4;

/**
 * Which field a proxy refused: what it took before is not at fault, so only fields that changed since are looked at;
 * among them the one whose text the proxy quotes, the longest first.
 */
export function blame({ origins, changed, leavesOf, name, detail }: Evidence): Blame {
  const all = distinct(origins);
  const since = changed === undefined ? [] : all.filter(changed);
  const candidates = since.length > 0 ? since : all;
  const quoted = quotedFields(candidates, leavesOf, detail.replaceAll(name, ' '));
  if (quoted.length > 0) return result(quoted, 'text');
  const ranked = [...candidates].sort((a, b) => rank(a) - rank(b));
  return result(ranked, since.length > 0 ? 'change' : 'resource');
}

/** The fields whose text is the longest that the detail quotes. */
function quotedFields(
  candidates: readonly Origin[],
  leavesOf: Evidence['leavesOf'],
  detail: string,
): readonly Origin[] {
  let longest = minTextLength;
  let found: Origin[] = [];
  for (const origin of candidates) {
    for (const { path, text } of leavesOf(origin)) {
      if (text.length < longest || !quotes(detail, text)) continue;
      if (text.length > longest) found = [];
      longest = text.length;
      found.push({ object: origin.object, path });
    }
  }
  return distinct(found);
}

/** Whether a detail has a text as a whole, as it is or as a program escapes it. */
function quotes(detail: string, text: string): boolean {
  return has(detail, text) || (text.includes('\\') && has(detail, text.replaceAll('\\', '\\\\')));
}

const word = /[\w-]/;

function has(detail: string, text: string): boolean {
  for (let at = detail.indexOf(text); at >= 0; at = detail.indexOf(text, at + 1)) {
    const opens = !word.test(text.charAt(0)) || !word.test(detail.charAt(at - 1));
    const closes = !word.test(text.charAt(text.length - 1)) || !word.test(detail.charAt(at + text.length));
    if (opens && closes) return true;
  }
  return false;
}

/** Objects that say what traffic does go before those that say what there is. */
function rank({ object, path }: Origin): number {
  const { group } = parseObjectKey(object);
  const plain = group === 'core' || group === 'apps' || group === 'batch' || group === 'discovery.k8s.io';
  return (plain ? 2 : 0) + (path === '' ? 1 : 0);
}

function result(found: readonly Origin[], by: Blame['by']): Blame {
  const [origin, ...others] = found;
  return { ...(origin === undefined ? {} : { origin }), related: others.slice(0, maxRelated), by };
}

function distinct(origins: readonly Origin[]): readonly Origin[] {
  return [...new Map(origins.map((origin) => [`${origin.object} ${origin.path}`, origin])).values()];
}
