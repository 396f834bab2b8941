import { useMemo } from 'preact/hooks';
import type { Topology, TopologyEdge, TopologyNode } from '../../api/contract.ts';
import { Graph } from '../graph/graph.tsx';
import { millis, name, percent, rate } from '../parts/format.ts';
import {
  GoldenCells,
  goldenHeads,
  Head,
  Loading,
  matches,
  ServiceLink,
  Success,
  scopeNote,
  Table,
} from '../parts/parts.tsx';
import { useJson } from '../state/live.ts';
import { parameter, show, windowText } from '../state/route.ts';

export function TopologyView() {
  const json = `/api/topology?window=${windowText.value}`;
  const loaded = useJson<Topology>(json);
  const asTable = parameter('as') === 'table';
  const idle = parameter('idle') !== 'hide';
  const { data } = loaded;
  return (
    <section class="view whole">
      <Head title="Topology" json={json} filter="name or namespace" note={data && scopeNote(data.traffic)}>
        <label class="check">
          <input type="checkbox" checked={idle} onChange={() => show({ idle: idle ? 'hide' : '' })} /> unused grants
        </label>
        <fieldset class="switch">
          <legend>Shown as</legend>
          <button type="button" aria-pressed={!asTable} onClick={() => show({ as: '' })}>
            Graph
          </button>
          <button type="button" aria-pressed={asTable} onClick={() => show({ as: 'table' })}>
            Table
          </button>
        </fieldset>
      </Head>
      <Loading loaded={loaded}>
        {(topology) => <Shown topology={filtered(topology, idle)} asTable={asTable} whole={topology.nodes.length} />}
      </Loading>
    </section>
  );
}

/** What the filter names, and whoever it talks to. */
function filtered(topology: Topology, idle: boolean): Topology {
  const edges = idle
    ? topology.edges
    : topology.edges.filter(({ kind, golden }) => kind === 'choice' || golden !== undefined);
  if (parameter('q') === '') return { ...topology, edges };
  const named = new Set(topology.nodes.filter((node) => matches(node.namespace, node.name)).map(({ id }) => id));
  const near = edges.filter(({ from, to }) => named.has(from) || named.has(to));
  const kept = new Set([...named, ...near.flatMap(({ from, to }) => [from, to])]);
  return { ...topology, nodes: topology.nodes.filter(({ id }) => kept.has(id)), edges: near };
}

function Shown(props: { readonly topology: Topology; readonly asTable: boolean; readonly whole: number }) {
  const { topology, asTable, whole } = props;
  const names = useMemo(() => new Map(topology.nodes.map((node) => [node.id, labelOf(node)])), [topology]);
  if (topology.nodes.length === 0) {
    return <p class="quiet pad">{whole === 0 ? 'This mesh has no workloads.' : 'Nothing has a name like that.'}</p>;
  }
  if (asTable) return <Edges topology={topology} names={names} />;
  // What somebody else has selected may be gone.
  const node = topology.nodes.find(({ id }) => id === parameter('sel'));
  const selected = node?.id ?? '';
  return (
    <div class="split-pane">
      <Graph topology={topology} selected={selected} onSelect={(id) => show({ sel: id === selected ? '' : id })} />
      {node !== undefined && <Details node={node} topology={topology} names={names} />}
    </div>
  );
}

function labelOf({ namespace, name: own }: TopologyNode): string {
  return name(namespace === '' ? own : `${namespace}/${own}`);
}

function Edges({ topology, names }: { readonly topology: Topology; readonly names: ReadonlyMap<string, string> }) {
  const edges = topology.edges.toSorted((a, b) => (b.golden?.requests ?? -1) - (a.golden?.requests ?? -1));
  return (
    <Table
      label="Calls"
      heads={['from', 'to', 'granted', ...goldenHeads]}
      rows={edges.length}
      empty="nobody calls anybody"
    >
      {edges.map((edge) => (
        <tr key={`${edge.kind}${edge.from}${edge.to}`}>
          <td>{names.get(edge.from)}</td>
          <td>{names.get(edge.to)}</td>
          <td class={edge.granted ? 'quiet' : 'bad'}>
            {edge.kind === 'choice' ? 'chosen' : edge.granted ? 'yes' : 'no'}
          </td>
          {edge.golden === undefined ? (
            <td colSpan={goldenHeads.length} class="quiet" />
          ) : (
            <GoldenCells golden={edge.golden} />
          )}
        </tr>
      ))}
    </Table>
  );
}

function Details(props: {
  readonly node: TopologyNode;
  readonly topology: Topology;
  readonly names: ReadonlyMap<string, string>;
}) {
  const { node, topology, names } = props;
  const inbound = topology.edges.filter(({ to }) => to === node.id);
  const outbound = topology.edges.filter(({ from }) => from === node.id);
  return (
    <aside class="details" aria-label={`Details of ${node.name}`}>
      <header>
        <h2>{node.name}</h2>
        <button type="button" class="icon" aria-label="Close the details" onClick={() => show({ sel: '' })}>
          ×
        </button>
      </header>
      <p class="quiet">
        {node.owner ?? node.kind} in {node.namespace === '' ? 'no namespace' : node.namespace} · {node.ready} of{' '}
        {node.pods} pods ready
      </p>
      {node.services.length > 0 && (
        <p>
          {node.services.map((service) => (
            <ServiceLink key={service} service={service} />
          ))}
        </p>
      )}
      <PeerList title="Inbound" edges={inbound} end="from" names={names} />
      <PeerList title="Outbound" edges={outbound} end="to" names={names} />
    </aside>
  );
}

function PeerList(props: {
  readonly title: string;
  readonly edges: readonly TopologyEdge[];
  readonly end: 'from' | 'to';
  readonly names: ReadonlyMap<string, string>;
}) {
  if (props.edges.length === 0) return null;
  return (
    <>
      <h3>{props.title}</h3>
      <ul class="plain peers">
        {props.edges.map((edge) => {
          const id = edge[props.end];
          return (
            <li key={`${edge.kind}${id}`}>
              <button type="button" class="link" onClick={() => show({ sel: id })}>
                {props.names.get(id)}
              </button>
              {edge.golden === undefined ? (
                <span class="quiet">
                  {edge.wanted === undefined ? 'granted, not used' : `${percent(edge.wanted, 0)} wanted`}
                </span>
              ) : (
                <span>
                  {rate(edge.golden.perSecond)} · <Success golden={edge.golden} /> · {millis(edge.golden.p99)}
                </span>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}
