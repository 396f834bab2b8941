import { curve, type Point } from '../../../graph/curve.ts';
import { type Health, healthOf } from '../../../graph/health.ts';
import { placeLabels } from '../../../graph/labels.ts';
import type { Box, Layout } from '../../../graph/layout.ts';
import type { TopologyEdge } from '../../api/contract.ts';
import { millis, percent, rate } from '../parts/format.ts';

/** Beyond so many edges only those of the selected node carry their numbers. */
export const maxLabels = 80;

/** Of the numbers of an edge, about. */
const labelSize = { width: 116, height: 32 };

export function keyOf({ kind, from, to }: TopologyEdge): string {
  return `${kind} ${from} ${to}`;
}

/** Where the numbers of each edge stand, so that they do not cover each other; of many edges nowhere in particular. */
export function labelPlaces(edges: readonly TopologyEdge[], { nodes }: Layout): ReadonlyMap<string, Point> {
  if (edges.length > maxLabels) return new Map();
  const drawn = edges.flatMap((edge) => {
    const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
    return from === undefined || to === undefined ? [] : [{ key: keyOf(edge), curve: curve(from, to), ...labelSize }];
  });
  const places = placeLabels(drawn, [...nodes.values()]);
  return new Map(drawn.map(({ key }, index) => [key, places[index]!] as const));
}

/** The heads of arrows. */
export function Markers() {
  return (
    <defs>
      {['good', 'warn', 'bad', 'idle'].map((health) => (
        <marker
          key={health}
          id={`arrow-${health}`}
          class={`arrow ${health}`}
          viewBox="0 0 8 8"
          refX="3"
          refY="4"
          markerWidth="8"
          markerHeight="8"
          markerUnits="userSpaceOnUse"
          orient="auto"
        >
          <path d="M0 0L8 4L0 8Z" />
        </marker>
      ))}
    </defs>
  );
}

function healthOfEdge({ golden, granted }: TopologyEdge): Health {
  if (golden === undefined) return 'idle';
  return granted ? healthOf(golden.success) : 'bad';
}

export function Edge(props: {
  readonly edge: TopologyEdge;
  readonly label: Point | undefined;
  readonly from: Box | undefined;
  readonly to: Box | undefined;
  readonly touched: boolean;
  readonly dimmed: boolean;
  readonly labelled: boolean;
}) {
  const { edge, label, from, to, touched, dimmed, labelled } = props;
  if (from === undefined || to === undefined) return null;
  const { path, at } = curve(from, to);
  const [x, y] = label ?? at(0.5);
  const health = healthOfEdge(edge);
  const width = edge.golden === undefined ? 1.2 : Math.min(5, 1.4 + Math.log10(1 + edge.golden.perSecond));
  return (
    <g class={`edge ${health} ${edge.kind}${touched ? ' touched' : ''}${dimmed ? ' dimmed' : ''}`}>
      <path d={path} stroke-width={width} marker-end={`url(#arrow-${health})`} />
      {labelled && <EdgeLabel edge={edge} x={x} y={y} />}
    </g>
  );
}

function EdgeLabel({ edge, x, y }: { readonly edge: TopologyEdge; readonly x: number; readonly y: number }) {
  const { golden, wanted } = edge;
  const share = wanted === undefined ? '' : `${percent(wanted, 0)} wanted`;
  const lines =
    golden === undefined
      ? share === ''
        ? []
        : [share]
      : [
          `${rate(golden.perSecond)}  ${percent(golden.success)}`,
          golden.denied > 0 && golden.denied === golden.failures && golden.success === 0
            ? 'denied'
            : [millis(golden.p99), share].filter((text) => text !== '').join('  '),
        ];
  if (lines.length === 0) return null;
  const width = 8 + 5.9 * Math.max(...lines.map((line) => line.length));
  const height = 4 + 13 * lines.length;
  return (
    <g class="label">
      <rect x={x - width / 2} y={y - height / 2} width={width} height={height} rx="4" />
      {lines.map((line, index) => (
        <text key={line} x={x} y={y - height / 2 + 13 * (index + 1) - 1} class={index === 0 ? 'first' : undefined}>
          {line}
        </text>
      ))}
    </g>
  );
}
