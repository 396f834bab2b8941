import type { Box } from './layout.ts';

export type Point = readonly [x: number, y: number];

type Cubic = readonly [from: Point, bend: Point, otherBend: Point, to: Point];

export interface Curve {
  /** For the attribute `d` of a path. */
  readonly path: string;
  /** A point of it, by the share of 1 that lies before. */
  at(share: number): Point;
}

/** From the right side of one box to the left side of another; where that goes backwards, below both. */
export function curve(from: Box, to: Box): Curve {
  const [x1, y1] = [from.x + from.width, from.y + from.height / 2];
  const [x2, y2] = [to.x - 5, to.y + to.height / 2];
  const start: Point = [x1, y1];
  const end: Point = [x2, y2];
  if (x2 > x1) {
    const bend = Math.max(30, (x2 - x1) / 2);
    return joined([[start, [x1 + bend, y1], [x2 - bend, y2], end]]);
  }
  const low = Math.max(from.y + from.height, to.y + to.height) + 34;
  const middle: Point = [(x1 + x2) / 2, low];
  return joined([
    [start, [x1 + 70, y1], [x1 + 50, low], middle],
    [middle, [x2 - 50, low], [x2 - 70, y2], end],
  ]);
}

function joined(pieces: readonly [Cubic, ...Cubic[]]): Curve {
  const [[start]] = pieces;
  return {
    path: `M${text(start)}${pieces.map(([, ...rest]) => `C${rest.map(text).join(' ')}`).join('')}`,
    at: (share) => {
      const along = share * pieces.length;
      const index = Math.min(pieces.length - 1, Math.floor(along));
      return pointOf(pieces[index] ?? pieces[0], along - index);
    },
  };
}

function pointOf([a, b, c, d]: Cubic, t: number): Point {
  const s = 1 - t;
  const along = (axis: 0 | 1) =>
    s * s * s * a[axis] + 3 * s * s * t * b[axis] + 3 * s * t * t * c[axis] + t * t * t * d[axis];
  return [along(0), along(1)];
}

function text([x, y]: Point): string {
  return `${round(x)} ${round(y)}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
