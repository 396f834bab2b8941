import dagre from '@dagrejs/dagre';

const nodeHeight = 46;
const boxPadding = 20;
const boxTitle = 18;

export interface LayoutNode {
  readonly id: string;
  /** Those of one namespace stand together; empty: of none. */
  readonly namespace: string;
}

/** Ids of nodes. */
export interface LayoutEdge {
  readonly from: string;
  readonly to: string;
}

export interface LayoutGraph {
  readonly nodes: readonly LayoutNode[];
  readonly edges: readonly LayoutEdge[];
}

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
export function structureOf({ nodes, edges }: LayoutGraph): string {
  return JSON.stringify([nodes.map(({ id }) => id).sort(), edges.map(({ from, to }) => `${from} ${to}`).sort()]);
}

/** Each namespace by itself, then the namespaces among each other: two small problems are solved much faster than one large one. */
export function layOut({ nodes, edges }: LayoutGraph, nodeWidth = 172): Layout {
  const byNamespace = Map.groupBy(nodes, ({ namespace }) => namespace);
  const inner = new Map(
    [...byNamespace].map(([namespace, own]) => [namespace, layOutNamespace(own, edges, nodeWidth)] as const),
  );
  const home = new Map(nodes.map(({ id, namespace }) => [id, namespace]));
  const outer = newGraph(56, 110);
  for (const [namespace, { width, height }] of inner) outer.setNode(outerId(namespace), { width, height });
  for (const { from, to } of edges) {
    const [a, b] = [home.get(from), home.get(to)];
    if (a !== undefined && b !== undefined && a !== b) outer.setEdge(outerId(a), outerId(b));
  }
  dagre.layout(outer);
  const placed = new Map<string, Box>();
  const namespaces = [...inner].map(([name, { width, height, at }]) => {
    const { x, y } = outer.node(outerId(name)) as { x: number; y: number };
    const corner = { x: x - width / 2, y: y - height / 2 };
    for (const [id, box] of at) placed.set(id, { ...box, x: corner.x + box.x, y: corner.y + box.y });
    return { name, ...corner, width, height };
  });
  const { width = 0, height = 0 } = outer.graph() as { width?: number; height?: number };
  return { width, height, nodes: placed, namespaces };
}

/** The library keeps nodes in plain objects, which have a `constructor` already. */
function outerId(namespace: string): string {
  return `/${namespace}`;
}

function layOutNamespace(nodes: readonly LayoutNode[], edges: readonly LayoutEdge[], nodeWidth: number) {
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
