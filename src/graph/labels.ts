import type { Curve, Point } from './curve.ts';
import type { Box } from './layout.ts';

export interface Label {
  readonly curve: Curve;
  readonly width: number;
  readonly height: number;
}

/** Tried in this order. */
const shares = [0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78];

/** Centres of labels on their curves, one after the other, where they cover neither a box nor each other; in the middle where that is nowhere. */
export function placeLabels(labels: readonly Label[], boxes: readonly Box[]): readonly Point[] {
  const taken = [...boxes];
  return labels.map(({ curve, width, height }) => {
    const free = shares.find((share) => {
      const box = around(curve.at(share), width, height);
      return !taken.some((other) => overlap(box, other));
    });
    const place = curve.at(free ?? 0.5);
    taken.push(around(place, width, height));
    return place;
  });
}

function around([x, y]: Point, width: number, height: number): Box {
  return { x: x - width / 2, y: y - height / 2, width, height };
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}
