import { type Condition, conditionKey, type HeaderCondition, maxHeaders, type PathCondition } from './condition.ts';
import { headOf, takes } from './expression.ts';
import { asExpression, isWithin } from './paths.ts';

/** What is done with requests under a condition. */
export interface Entry<Action> {
  readonly condition: Condition;
  readonly action: Action;
  /** Equal for equal actions. */
  readonly key: string;
}

/** More matches for one port than any implementation would thank for. */
const maxEntries = 2048;

/**
 * Entries of which the first that matches counts, as entries of which the one counts that the API gives precedence: exact
 * paths, then the longest prefix, a method, the most headers, and only then the order. Where that would prefer a later entry,
 * the earlier one is repeated as narrowly as the later one. Implementations rank expressions before or behind prefixes, so
 * that a prefix that meets an expression becomes one; among each other the longer comes first with all of them.
 * `undefined` where it cannot be done.
 */
export function arrange<Action>(entries: readonly Entry<Action>[]): readonly Entry<Action>[] | undefined {
  const spelled = spellPrefixes(entries);
  if (spelled === undefined) return undefined;
  let arranged: readonly Entry<Action>[] = [];
  for (const entry of spelled.toReversed()) {
    const variants = variantsOf(entry, arranged);
    if (variants === undefined) return undefined;
    const taken = new Set(variants.map(({ condition }) => conditionKey(condition)));
    arranged = [...variants, ...arranged.filter(({ condition }) => !taken.has(conditionKey(condition)))];
    if (arranged.length > maxEntries) return undefined;
  }
  return arranged;
}

/** An entry, and what is needed of it to stand before later entries that would outrank it. */
function variantsOf<Action>(
  entry: Entry<Action>,
  later: readonly Entry<Action>[],
): readonly Entry<Action>[] | undefined {
  const variants = new Map([[conditionKey(entry.condition), entry]]);
  for (const other of later) {
    if (other.key === entry.key || compare(other.condition, entry.condition) <= 0) continue;
    if (!mayMeet(entry.condition, other.condition)) continue;
    const condition = raised(entry.condition, other.condition);
    if (condition === undefined) return undefined;
    variants.set(conditionKey(condition), { ...entry, condition });
  }
  return [...variants.values()];
}

/** Prefixes that meet an expression of another action become expressions; undefined where one is too long for that. */
function spellPrefixes<Action>(entries: readonly Entry<Action>[]): readonly Entry<Action>[] | undefined {
  let current = entries;
  for (;;) {
    const expressions = current.filter(({ condition }) => condition.path.type === 'RegularExpression');
    let changed = false;
    const next: Entry<Action>[] = [];
    for (const entry of current) {
      const { condition, key } = entry;
      const meets =
        condition.path.type === 'PathPrefix' &&
        expressions.some((other) => other.key !== key && mayMeet(condition, other.condition));
      const path = meets ? asExpression(condition.path) : condition.path;
      if (path === undefined) return undefined;
      changed ||= meets;
      next.push(meets ? { ...entry, condition: { ...condition, path } } : entry);
    }
    if (!changed) return current;
    current = next;
  }
}

/** Above zero: the API prefers `a`; zero: the order decides. */
function compare(a: Condition, b: Condition): number {
  const byMethod = Number(a.method !== undefined) - Number(b.method !== undefined);
  return comparePaths(a.path, b.path) || byMethod || a.headers.length - b.headers.length;
}

const ranks = { Exact: 2, RegularExpression: 1, PathPrefix: 0 } as const;

function comparePaths(a: PathCondition, b: PathCondition): number {
  return ranks[a.type] - ranks[b.type] || (a.type === 'Exact' ? 0 : a.value.length - b.value.length);
}

/** `entry` as far as it meets `other`, and perhaps somewhat more, with at least the other's rank. */
function raised(entry: Condition, other: Condition): Condition | undefined {
  const path = raisedPath(entry.path, other.path);
  if (path === undefined) return undefined;
  const raisedEntry = { ...entry, path };
  if (comparePaths(path, other.path) > 0) return raisedEntry;
  if (entry.method === undefined && other.method !== undefined) Object.assign(raisedEntry, { method: other.method });
  if (other.method === undefined && entry.method !== undefined) return raisedEntry;
  if (entry.headers.length >= other.headers.length) return raisedEntry;
  const headers = bothHeaders(entry.headers, other.headers);
  return headers.length > maxHeaders ? undefined : { ...raisedEntry, headers };
}

function raisedPath(entry: PathCondition, other: PathCondition): PathCondition | undefined {
  if (comparePaths(entry, other) >= 0) return entry;
  return other.type === 'RegularExpression' ? asExpression(entry, other.value.length) : other;
}

function bothHeaders(own: readonly HeaderCondition[], others: readonly HeaderCondition[]): readonly HeaderCondition[] {
  const added = others.filter(({ name }) => !own.some((header) => header.name === name));
  return [...own, ...added].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Whether a request can meet both conditions; wrongly yes where that is hard to tell. */
function mayMeet(a: Condition, b: Condition): boolean {
  if (a.method !== undefined && b.method !== undefined && a.method !== b.method) return false;
  if (!pathsMayMeet(a.path, b.path)) return false;
  return a.headers.every((header) => {
    const other = b.headers.find(({ name }) => name === header.name);
    return other === undefined || valuesMayMeet(header, other);
  });
}

function pathsMayMeet(a: PathCondition, b: PathCondition): boolean {
  if (a.type === 'Exact') return holds(b, a.value);
  if (b.type === 'Exact') return holds(a, b.value);
  if (a.type === 'PathPrefix' && b.type === 'PathPrefix')
    return isWithin(a.value, b.value) || isWithin(b.value, a.value);
  const [headA, headB] = [headOfPaths(a), headOfPaths(b)];
  return headA.startsWith(headB) || headB.startsWith(headA);
}

function headOfPaths({ type, value }: PathCondition): string {
  return type === 'RegularExpression' ? headOf(value) : value;
}

function holds({ type, value }: PathCondition, path: string): boolean {
  if (type === 'Exact') return value === path;
  return type === 'PathPrefix' ? isWithin(value, path) : takes(value, path);
}

function valuesMayMeet(a: HeaderCondition, b: HeaderCondition): boolean {
  if (a.type === 'Exact') return b.type === 'Exact' ? a.value === b.value : takes(b.value, a.value);
  return b.type !== 'Exact' || takes(a.value, b.value);
}

/** What both conditions ask for; `undefined` where no condition can say it, `'never'` where nothing meets both. */
export function both(a: Condition, b: Condition): Condition | 'never' | undefined {
  if (!mayMeet(a, b)) return 'never';
  const path = bothPaths(a.path, b.path);
  const headers = bothHeaders(a.headers, b.headers);
  const differing = b.headers.some((header) => {
    const own = a.headers.find(({ name }) => name === header.name);
    return own !== undefined && (own.type !== header.type || own.value !== header.value);
  });
  if (path === undefined || headers.length > maxHeaders) return undefined;
  const method = a.method ?? b.method;
  const joined = differing ? exactHeaders(headers, b.headers) : headers;
  return joined && { path, ...(method === undefined ? {} : { method }), headers: joined };
}

/** Of one header an exact value and an expression that takes it are the exact value; two expressions are nothing. */
function exactHeaders(
  own: readonly HeaderCondition[],
  others: readonly HeaderCondition[],
): readonly HeaderCondition[] | undefined {
  const chosen = own.map((header) => {
    const other = others.find(({ name }) => name === header.name);
    if (other === undefined || header.type === 'Exact' || header.value === other.value) return header;
    return other.type === 'Exact' ? other : undefined;
  });
  return chosen.every((header) => header !== undefined) ? chosen : undefined;
}

function bothPaths(a: PathCondition, b: PathCondition): PathCondition | undefined {
  if (a.type === b.type && a.value === b.value) return a;
  if (a.type === 'Exact') return a;
  if (b.type === 'Exact') return b;
  if (isRoot(a)) return b;
  if (isRoot(b)) return a;
  if (a.type === 'RegularExpression' || b.type === 'RegularExpression') return undefined;
  return isWithin(a.value, b.value) ? b : a;
}

function isRoot({ type, value }: PathCondition): boolean {
  return type === 'PathPrefix' && value === '/';
}
