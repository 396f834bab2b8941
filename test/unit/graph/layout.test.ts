import { describe, expect, test } from 'vitest';
import { curve } from '../../../src/graph/curve.ts';
import { placeLabels } from '../../../src/graph/labels.ts';
import { type Box, layOut } from '../../../src/graph/layout.ts';

const nodes = [
  { id: 'a/one', namespace: 'a' },
  { id: 'a/two', namespace: 'a' },
  // Both are names that a namespace may have, and that objects of JavaScript have too.
  { id: 'constructor/three', namespace: 'constructor' },
  { id: 'outside', namespace: '' },
];
const edges = [
  { from: 'a/one', to: 'a/two' },
  { from: 'a/two', to: 'a/one' },
  { from: 'a/two', to: 'constructor/three' },
  { from: 'outside', to: 'a/one' },
  { from: 'a/two', to: 'a/two' },
];

describe('the layout', () => {
  test('places every node within its namespace, and nothing upon another', () => {
    const { nodes: placed, namespaces } = layOut({ nodes, edges });
    expect([...placed.keys()].sort()).toEqual(nodes.map(({ id }) => id).sort());
    for (const { id, namespace } of nodes) {
      const home = namespaces.find(({ name }) => name === namespace)!;
      expect(within(placed.get(id)!, home), id).toBe(true);
    }
    expect(overlapping([...placed.values()])).toEqual([]);
    expect(overlapping(namespaces)).toEqual([]);
  });

  test('is the same each time', () => {
    expect(layOut({ nodes, edges })).toEqual(layOut({ nodes, edges }));
  });
});

describe('curves and labels', () => {
  const box = (x: number, y: number): Box => ({ x, y, width: 100, height: 40 });

  test('a curve leads from box to box, forwards and backwards', () => {
    for (const [from, to] of [
      [box(0, 0), box(300, 90)],
      [box(300, 90), box(0, 0)],
      [box(0, 0), box(0, 0)],
    ] as const) {
      const { at, path } = curve(from, to);
      expect(at(0)).toEqual([from.x + 100, from.y + 20]);
      expect(at(1)).toEqual([to.x - 5, to.y + 20]);
      expect(path).toMatch(/^M[-\d. ]+(C[-\d. ]+){1,2}$/);
    }
  });

  test('labels of calls that cross do not cover each other', () => {
    const size = { width: 80, height: 30 };
    const crossing = [curve(box(0, 0), box(500, 100)), curve(box(0, 100), box(500, 0))];
    const places = placeLabels(
      crossing.map((one) => ({ curve: one, ...size })),
      [],
    );
    const boxes = places.map(([x, y]) => ({ x: x - 40, y: y - 15, ...size }));
    expect(overlapping(boxes)).toEqual([]);
    expect(places[0]).toEqual(crossing[0]!.at(0.5));
  });
});

function within(inner: Box, outer: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  );
}

function overlapping(boxes: readonly Box[]): readonly (readonly [Box, Box])[] {
  return boxes.flatMap((a, index) =>
    boxes
      .slice(index + 1)
      .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height)
      .map((b) => [a, b] as const),
  );
}
