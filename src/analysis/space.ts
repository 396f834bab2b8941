/** A finite space of points, one coordinate for each dimension, given by how many values each has. */
export interface Space {
  readonly sizes: readonly number[];
}

/** Holds for a point when each of its coordinates is among the cells; `undefined` asks for nothing. */
export type Conjunction = readonly (ReadonlySet<number> | undefined)[];

export interface Division {
  /** A point of every combination of holding and not holding that occurs, the one with the smallest coordinates found. */
  readonly points: readonly (readonly number[])[];
  /** False when the limit was reached: there may be more combinations. */
  readonly exhaustive: boolean;
}

/** A product of sets of coordinates, in which the conjunctions so far hold everywhere or nowhere. */
type Box = readonly ReadonlySet<number>[];

/** Cuts the space along one conjunction after the other, into at most `limit` boxes. */
export function divide({ sizes }: Space, conjunctions: readonly Conjunction[], limit: number): Division {
  const whole: Box = sizes.map((size) => new Set(Array(size).keys()));
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
  for (const box of [...boxes, ...alone]) {
    const point = box.map((side) => Math.min(...side));
    const key = conjunctions.map((conjunction) => (holds(conjunction, point) ? '1' : '0')).join('');
    const known = points.get(key);
    if (known === undefined || weight(point) < weight(known)) points.set(key, point);
  }
  return { points: [...points.values()].sort((a, b) => weight(a) - weight(b)), exhaustive };
}

function holds(conjunction: Conjunction, point: readonly number[]): boolean {
  return conjunction.every((asked, dimension) => asked === undefined || asked.has(point[dimension] ?? -1));
}

function weight(point: readonly number[]): number {
  return point.reduce((sum, coordinate) => sum + coordinate, 0);
}

/** The part of a box for which a conjunction holds, last, and disjoint boxes for the rest. */
function cut(box: Box, conjunction: Conjunction): readonly Box[] {
  const parts: Box[] = [];
  let inside = box;
  for (const [dimension, asked] of conjunction.entries()) {
    const side = inside[dimension];
    if (asked === undefined || side === undefined) continue;
    const outside = new Set([...side].filter((cell) => !asked.has(cell)));
    if (outside.size > 0) parts.push(inside.with(dimension, outside));
    if (outside.size === side.size) return parts;
    inside = inside.with(dimension, new Set([...side].filter((cell) => asked.has(cell))));
  }
  return [...parts, inside];
}
