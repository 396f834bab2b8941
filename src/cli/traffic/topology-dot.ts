import type { TrafficEdge, TrafficResource, TrafficSummary } from '../../metrics/contract.ts';
import { edgeLabel, nodesOf } from './topology-graph.ts';
import { nameOf } from './words.ts';

/** A graph for Graphviz, with a cluster for each namespace. */
export function topologyDot(edges: readonly TrafficEdge[], summary: TrafficSummary): readonly string[] {
  const namespaces = Map.groupBy(nodesOf(edges), (node) => node?.namespace ?? '');
  return [
    'digraph mesh {',
    '  rankdir=LR; node [shape=box, style=rounded];',
    ...[...namespaces].flatMap(([namespace, nodes], index) =>
      namespace === ''
        ? nodes.map((node) => `  ${nodeLine(node)}`)
        : [
            `  subgraph cluster_${index} {`,
            `    label=${quoted(namespace)};`,
            ...nodes.map((node) => `    ${nodeLine(node)}`),
            '  }',
          ],
    ),
    ...edges.map((edge) => {
      const label = edgeLabel(edge, summary).join('\\n');
      return `  ${quoted(nameOf(edge.source))} -> ${quoted(nameOf(edge.destination))} [label="${label}"];`;
    }),
    '}',
  ];
}

function nodeLine(node: TrafficResource | null): string {
  return `${quoted(nameOf(node))} [label=${quoted(node?.name ?? 'outside')}];`;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
