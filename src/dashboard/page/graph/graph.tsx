import { useMemo, useRef } from 'preact/hooks';
import { type Health, healthOf } from '../../../graph/health.ts';
import { type Box, layOut, structureOf } from '../../../graph/layout.ts';
import type { Topology, TopologyEdge, TopologyNode } from '../../api/contract.ts';
import { Edge, keyOf, labelPlaces, Markers, maxLabels } from './edge.tsx';
import { usePanZoom, type Viewport } from './pan-zoom.ts';

const margin = 24;

export function Graph(props: {
  readonly topology: Topology;
  readonly selected: string;
  readonly onSelect: (id: string) => void;
}) {
  const { topology, selected, onSelect } = props;
  const structure = structureOf(topology);
  // Counts change all the time, and move nothing.
  const [layout, labels] = useMemo(() => {
    const found = layOut(topology);
    return [found, labelPlaces(topology.edges, found)] as const;
  }, [structure]);
  const outer = useRef<HTMLElement>(null);
  const inner = useRef<SVGSVGElement>(null);
  const viewport = useRef<Viewport>(undefined);
  const size = { width: layout.width + 2 * margin, height: layout.height + 2 * margin + 30 };
  usePanZoom(outer, inner, size, (ready) => {
    viewport.current = ready;
    ready.fit();
  });
  const inbound = Map.groupBy(topology.edges, ({ to }) => to);
  const many = topology.edges.length > maxLabels;
  return (
    <div class="graph-frame">
      <section
        ref={outer}
        class="graph"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move what is shown
        tabIndex={0}
        aria-label="Graph of calls; arrow keys move it, plus and minus scale it"
        onKeyDown={(event) => moveByKey(event, viewport.current)}
      >
        <svg
          ref={inner}
          width={size.width}
          height={size.height}
          viewBox={`${-margin} ${-margin} ${size.width} ${size.height}`}
          role="presentation"
        >
          <Markers />
          {layout.namespaces.map((box) => (
            <g key={box.name} class="namespace">
              <rect x={box.x} y={box.y} width={box.width} height={box.height} rx="10" />
              <text x={box.x + 14} y={box.y + 20}>
                {box.name}
              </text>
            </g>
          ))}
          {topology.edges.map((edge) => (
            <Edge
              key={keyOf(edge)}
              edge={edge}
              label={labels.get(keyOf(edge))}
              from={layout.nodes.get(edge.from)}
              to={layout.nodes.get(edge.to)}
              touched={selected === edge.from || selected === edge.to}
              dimmed={selected !== '' && selected !== edge.from && selected !== edge.to}
              labelled={!many || selected === edge.from || selected === edge.to}
            />
          ))}
          {topology.nodes.map((node) => (
            <Node
              key={node.id}
              node={node}
              box={layout.nodes.get(node.id)}
              health={healthOfNode(inbound.get(node.id) ?? [])}
              selected={node.id === selected}
              onSelect={onSelect}
            />
          ))}
        </svg>
      </section>
      <div class="tools">
        <button type="button" class="icon" aria-label="Larger" onClick={() => viewport.current?.zoom(1.25)}>
          +
        </button>
        <button type="button" class="icon" aria-label="Smaller" onClick={() => viewport.current?.zoom(0.8)}>
          −
        </button>
        <button type="button" class="icon" aria-label="Fit" onClick={() => viewport.current?.fit()}>
          ⤢
        </button>
      </div>
      <ul class="legend" aria-label="Legend">
        <li class="good">≥ 99 %</li>
        <li class="warn">≥ 95 %</li>
        <li class="bad">below, or denied</li>
        <li class="unused">granted, unused</li>
      </ul>
    </div>
  );
}

function moveByKey(event: KeyboardEvent, viewport: Viewport | undefined): void {
  const step = 60;
  const moves: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => viewport?.pan(step, 0),
    ArrowRight: () => viewport?.pan(-step, 0),
    ArrowUp: () => viewport?.pan(0, step),
    ArrowDown: () => viewport?.pan(0, -step),
    '+': () => viewport?.zoom(1.25),
    '-': () => viewport?.zoom(0.8),
    0: () => viewport?.fit(),
  };
  const move = moves[event.key];
  if (move === undefined) return;
  event.preventDefault();
  move();
}

function healthOfNode(inbound: readonly TopologyEdge[]): Health {
  const asked = inbound.flatMap(({ golden }) => golden ?? []);
  const requests = asked.reduce((sum, { requests: own }) => sum + own, 0);
  // What policy refuses is no fault of the one who was asked.
  const failed = asked.reduce((sum, { failures, denied }) => sum + failures - denied, 0);
  return healthOf(requests === 0 ? undefined : 1 - failed / requests);
}

function Node(props: {
  readonly node: TopologyNode;
  readonly box: Box | undefined;
  readonly health: Health;
  readonly selected: boolean;
  readonly onSelect: (id: string) => void;
}) {
  const { node, box, health, selected, onSelect } = props;
  if (box === undefined) return null;
  const { x, y, width, height } = box;
  const what = node.kind === 'service' ? 'Service' : (node.owner ?? '');
  const about = node.kind === 'outside' ? 'outside the mesh' : `${what} · ${node.ready}/${node.pods}`;
  const select = () => onSelect(node.id);
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no buttons
    <g
      class={`node ${node.kind} ${health}${selected ? ' selected' : ''}`}
      role="button"
      // In SVG attributes have the case that they are written in.
      tabindex={0}
      aria-pressed={selected}
      data-id={node.id}
      onClick={select}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        select();
      }}
    >
      <rect x={x} y={y} width={width} height={height} rx={node.kind === 'service' ? height / 2 : 7} />
      {node.kind === 'service' ? (
        <circle class="mark" cx={x + 20} cy={y + height / 2} r="5" />
      ) : (
        <rect class="mark" x={x} y={y + 9} width="4" height={height - 18} rx="2" />
      )}
      <text class="name" x={x + (node.kind === 'service' ? 34 : 15)} y={y + 20}>
        {node.name.length > 22 ? `${node.name.slice(0, 21)}…` : node.name}
      </text>
      <text class="about" x={x + (node.kind === 'service' ? 34 : 15)} y={y + 36}>
        {about}
      </text>
    </g>
  );
}
