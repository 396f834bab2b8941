import dagre from '@dagrejs/dagre';
import type { Topology, TopologyEdge, TopologyNode } from '../../api/contract.ts';

const nodeWidth = 172;
const nodeHeight = 46;
const boxPadding = 20;
const boxTitle = 18;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where everything is; nodes by id, with their upper left corner. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, Box>;
  readonly namespaces: readonly (Box & { readonly name: string })[];
}

/** Of what a layout is made: as long as this is the same, it stays. */
export function structureOf({ nodes, edges }: Topology): string {
  return JSON.stringify([nodes.map(({ id }) => id).sort(), edges.map(({ from, to }) => `${from} ${to}`).sort()]);
}

/** Each namespace by itself, then the namespaces among each other: two small problems are solved much faster than one large one. */
export function layOut({ nodes, edges }: Pick<Topology, 'nodes' | 'edges'>): Layout {
  const byNamespace = Map.groupBy(nodes, ({ namespace }) => namespace);
  const inner = new Map([...byNamespace].map(([namespace, own]) => [namespace, layOutNamespace(own, edges)] as const));
  const home = new Map(nodes.map(({ id, namespace }) => [id, namespace]));
  const outer = newGraph(56, 110);
  for (const [namespace, { width, height }] of inner) outer.setNode(namespace, { width, height });
  for (const { from, to } of edges) {
    const [a, b] = [home.get(from), home.get(to)];
    if (a !== undefined && b !== undefined && a !== b) outer.setEdge(a, b);
  }
  dagre.layout(outer);
  const placed = new Map<string, Box>();
  const namespaces = [...inner].map(([name, { width, height, at }]) => {
    const { x, y } = outer.node(name) as { x: number; y: number };
    const corner = { x: x - width / 2, y: y - height / 2 };
    for (const [id, box] of at) placed.set(id, { ...box, x: corner.x + box.x, y: corner.y + box.y });
    return { name, ...corner, width, height };
  });
  const { width = 0, height = 0 } = outer.graph() as { width?: number; height?: number };
  return { width, height, nodes: placed, namespaces };
}

function layOutNamespace(nodes: readonly TopologyNode[], edges: readonly TopologyEdge[]) {
  const graph = newGraph(22, 130);
  for (const { id } of nodes) graph.setNode(id, { width: nodeWidth, height: nodeHeight });
  for (const { from, to } of edges)
    if (graph.hasNode(from) && graph.hasNode(to) && from !== to) graph.setEdge(from, to);
  dagre.layout(graph);
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  const at = new Map(
    nodes.map(({ id }) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      const box = { x: x - nodeWidth / 2 + boxPadding, y: y - nodeHeight / 2 + boxPadding + boxTitle };
      return [id, { ...box, width: nodeWidth, height: nodeHeight }] as const;
    }),
  );
  return { width: width + 2 * boxPadding, height: height + 2 * boxPadding + boxTitle, at };
}

function newGraph(nodesep: number, ranksep: number) {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: 'LR', nodesep, ranksep, ranker: 'longest-path' });
  graph.setDefaultEdgeLabel(() => ({}));
  return graph;
}

/** A curve from the right side of one box to the left side of another, and its middle. */
export function curve(from: Box, to: Box): { readonly path: string; readonly middle: readonly [number, number] } {
  const [x1, y1] = [from.x + from.width, from.y + from.height / 2];
  const [x2, y2] = [to.x - 5, to.y + to.height / 2];
  if (x2 > x1) {
    const bend = Math.max(30, (x2 - x1) / 2);
    return {
      path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`,
      middle: [(x1 + x2) / 2, (y1 + y2) / 2],
    };
  }
  // Backwards: below both.
  const low = Math.max(from.y + from.height, to.y + to.height) + 34;
  const path = `M${x1} ${y1}C${x1 + 70} ${y1} ${x1 + 50} ${low} ${(x1 + x2) / 2} ${low}S${x2 - 70} ${y2} ${x2} ${y2}`;
  return { path, middle: [(x1 + x2) / 2, low] };
}
