/** A finite space of points, one coordinate for each dimension, given by how many values each has. */
export interface Space {
  readonly sizes: readonly number[];
}

/** A condition on points. */
export interface Conjunction {
  /** Holds for a point when each of its coordinates is among the cells; `undefined` asks for nothing. */
  readonly asks: readonly (ReadonlySet<number> | undefined)[];
  /**
   * Where it counts: of the conjunctions of a group that hold, only one with the least order. A point is not asked about
   * one that counts nowhere.
   */
  readonly counts: readonly { readonly group: string; readonly order: number }[];
}

export interface Division {
  /** A point of every combination of what counts that occurs, one with small coordinates. */
  readonly points: readonly (readonly number[])[];
  /** False when the limit was reached: there may be more combinations. */
  readonly exhaustive: boolean;
}

/** A product of sets of coordinates, for all of which the same counts so far. */
interface Box {
  readonly sides: readonly ReadonlySet<number>[];
  /** The least order that holds, by group. */
  readonly held: ReadonlyMap<string, number>;
}

/** Cuts the space along one conjunction after the other, into at most `limit` boxes. */
export function divide({ sizes }: Space, conjunctions: readonly Conjunction[], limit: number): Division {
  const whole: Box = { sides: sizes.map((size) => new Set(Array(size).keys())), held: new Map() };
  let boxes: readonly Box[] = [whole];
  let exhaustive = true;
  for (const conjunction of conjunctions) {
    const next = boxes.flatMap((box) => cut(box, conjunction));
    exhaustive = next.length <= limit;
    if (!exhaustive) break;
    boxes = next;
  }
  // Where the cutting ended early, at least every conjunction is met once.
  const alone = exhaustive ? [] : conjunctions.flatMap((conjunction) => cut(whole, conjunction));
  const points = new Map<string, readonly number[]>();
  for (const { sides } of [...boxes, ...alone]) {
    const point = sides.map((side) => Math.min(...side));
    const key = conjunctions.map((conjunction) => (holds(conjunction, point) ? '1' : '0')).join('');
    const known = points.get(key);
    if (known === undefined || weight(point) < weight(known)) points.set(key, point);
  }
  return { points: [...points.values()].sort((a, b) => weight(a) - weight(b)), exhaustive };
}

function holds({ asks }: Conjunction, point: readonly number[]): boolean {
  return asks.every((asked, dimension) => asked === undefined || asked.has(point[dimension] ?? -1));
}

function weight(point: readonly number[]): number {
  return point.reduce((sum, coordinate) => sum + coordinate, 0);
}

/** Disjoint boxes for which a conjunction does not hold, and the part for which it does; the whole where it cannot count. */
function cut(box: Box, { asks, counts }: Conjunction): readonly Box[] {
  if (counts.every(({ group, order }) => (box.held.get(group) ?? Number.POSITIVE_INFINITY) <= order)) return [box];
  const parts: Box[] = [];
  let inside = box.sides;
  for (const [dimension, asked] of asks.entries()) {
    const side = inside[dimension];
    if (asked === undefined || side === undefined) continue;
    const outside = new Set([...side].filter((cell) => !asked.has(cell)));
    if (outside.size > 0) parts.push({ sides: inside.with(dimension, outside), held: box.held });
    if (outside.size === side.size) return parts;
    inside = inside.with(dimension, new Set([...side].filter((cell) => asked.has(cell))));
  }
  const held = new Map(box.held);
  for (const { group, order } of counts) held.set(group, Math.min(order, held.get(group) ?? order));
  return [...parts, { sides: inside, held }];
}
