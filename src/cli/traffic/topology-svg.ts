import { type Curve, curve } from '../../graph/curve.ts';
import { type Health, healthOf } from '../../graph/health.ts';
import { placeLabels } from '../../graph/labels.ts';
import { type Box, type Layout, layOut } from '../../graph/layout.ts';
import { compareText } from '../../lib/collections.ts';
import { escapeXml } from '../../lib/xml.ts';
import type { TrafficEdge, TrafficResource, TrafficSummary } from '../../metrics/contract.ts';
import { count } from '../control-plane/words.ts';
import { edgeLabel, nodesOf } from './topology-graph.ts';
import { millisText, nameOf, rateText, shareOf, statement, successText } from './words.ts';

/** Widths of characters of the texts, about. */
const characters = { name: 7.6, label: 6.3, head: 7.4 } as const;
const maxName = 40;
const labelHeight = 30;
const margin = 24;
const headHeight = 64;
const healths: readonly Health[] = ['good', 'warn', 'bad', 'idle'];

interface Call {
  readonly edge: TrafficEdge;
  readonly curve: Curve;
  readonly health: Health;
  readonly lines: readonly [string, string];
}

/** A picture that stands alone; equal answers give equal pictures, in whatever order they list their edges. */
export function topologySvg(unordered: readonly TrafficEdge[], summary: TrafficSummary): readonly string[] {
  const edges = unordered.toSorted(
    (a, b) => compareText(idOf(a.source), idOf(b.source)) || compareText(idOf(a.destination), idOf(b.destination)),
  );
  const nodes = nodesOf(edges).toSorted((a, b) => compareText(idOf(a), idOf(b)));
  const title = `topology of ${summary.by}`;
  const about = statement(summary);
  const layout = layOut(
    {
      nodes: nodes.map((node) => ({ id: idOf(node), namespace: node?.namespace ?? '' })),
      edges: edges.map(({ source, destination }) => ({ from: idOf(source), to: idOf(destination) })),
    },
    nodeWidth(nodes),
  );
  const calls = edges.map((edge) => callOf(edge, layout, summary));
  const head = Math.max(title.length, about.length) * characters.head;
  const width = Math.ceil(Math.max(layout.width, head) + 2 * margin);
  // Calls that go backwards go below everything.
  const bottom = Math.max(layout.height, ...calls.map((call) => call.curve.at(0.5)[1] + labelHeight / 2));
  const height = Math.ceil(headHeight + bottom + margin);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<desc id="desc">${escapeXml(description(edges, summary))}</desc>`,
    `<style>${style}</style>`,
    `<defs>${healths.map(marker).join('')}</defs>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<text class="title" x="${margin}" y="30">${escapeXml(title)}</text>`,
    `<text class="about" x="${margin}" y="48">${escapeXml(edges.length === 0 ? `${about}: no traffic` : about)}</text>`,
    `<g transform="translate(${margin} ${headHeight})">`,
    ...layout.namespaces.filter(({ name }) => name !== '').map(namespaceSvg),
    ...calls.map(({ curve: { path }, health, edge }) => {
      const hover = `<title>${escapeXml(sentence(edge, summary))}</title>`;
      return `<path class="call ${health}" d="${path}" marker-end="url(#arrow-${health})">${hover}</path>`;
    }),
    ...nodes.map((node) => nodeSvg(node, boxOf(layout, node))),
    ...labelsSvg(calls, layout),
    '</g>',
    '</svg>',
  ];
}

/** Nothing in it is shortened, as `default` is in what people read. */
function idOf(resource: TrafficResource | null): string {
  return resource === null ? 'outside' : `${resource.namespace ?? ''}/${resource.name}`;
}

function nodeWidth(nodes: readonly (TrafficResource | null)[]): number {
  const longest = Math.max(0, ...nodes.map((node) => Math.min(maxName, textOf(node).length)));
  return Math.max(110, Math.ceil(longest * characters.name) + 28);
}

function textOf(node: TrafficResource | null): string {
  return node?.name ?? 'outside';
}

function boxOf(layout: Layout, node: TrafficResource | null): Box {
  return layout.nodes.get(idOf(node)) ?? { x: 0, y: 0, width: 0, height: 0 };
}

function callOf(edge: TrafficEdge, layout: Layout, summary: TrafficSummary): Call {
  return {
    edge,
    curve: curve(boxOf(layout, edge.source), boxOf(layout, edge.destination)),
    health: healthOf(shareOf(edge)),
    lines: edgeLabel(edge, summary),
  };
}

function namespaceSvg({ name, x, y, width, height }: Box & { readonly name: string }): string {
  const box = `<rect class="namespace" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="10"/>`;
  return `${box}<text class="group" x="${round(x + 14)}" y="${round(y + 20)}">${escapeXml(name)}</text>`;
}

function nodeSvg(node: TrafficResource | null, { x, y, width, height }: Box): string {
  const name = textOf(node);
  const shown = name.length > maxName ? `${name.slice(0, maxName - 1)}…` : name;
  const kind = node === null ? 'node outside' : 'node';
  return [
    `<g><title>${escapeXml(node === null ? name : nameOf(node))}</title>`,
    `<rect class="${kind}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="7"/>`,
    `<text class="name" x="${round(x + width / 2)}" y="${round(y + height / 2 + 4.5)}">${escapeXml(shown)}</text></g>`,
  ].join('');
}

function labelsSvg(calls: readonly Call[], layout: Layout): readonly string[] {
  const labels = calls.map(({ curve: along, lines }) => ({
    curve: along,
    width: Math.ceil(Math.max(...lines.map((line) => line.length)) * characters.label) + 8,
    height: labelHeight,
  }));
  const places = placeLabels(labels, [...layout.nodes.values()]);
  return calls.map(({ lines: [first, second], health }, index) => {
    const { width = 0 } = labels[index] ?? {};
    const [x, y] = places[index] ?? [0, 0];
    return [
      `<rect class="paper" x="${round(x - width / 2)}" y="${round(y - labelHeight / 2)}" width="${width}" height="${labelHeight}" rx="4"/>`,
      `<text class="label ${health}" x="${round(x)}" y="${round(y - 3)}">${escapeXml(first)}</text>`,
      `<text class="label" x="${round(x)}" y="${round(y + 10)}">${escapeXml(second)}</text>`,
    ].join('');
  });
}

/** All that the picture shows, for whoever hears it. */
function description(edges: readonly TrafficEdge[], summary: TrafficSummary): string {
  const head = `${statement(summary)}; ${count(edges.length, 'call')}`;
  return [head, ...edges.map((edge) => sentence(edge, summary))].join('. ');
}

function sentence(edge: TrafficEdge, { observedSeconds }: TrafficSummary): string {
  const { source, destination, latency, denied, side } = edge;
  const [from, to] = [source, destination].map((end) => (end === null ? 'outside' : nameOf(end)));
  const percentiles = `p50 ${millisText(latency.p50Millis)}, p99 ${millisText(latency.p99Millis)}`;
  const refused = denied === 0 ? '' : `, ${denied} denied`;
  return `${from} calls ${to}: ${successText(edge)} of ${rateText(edge, observedSeconds)}/s succeed, ${percentiles}${refused} (${side} side)`;
}

function marker(health: Health): string {
  const shape = '<path d="M0 0L8 4L0 8Z"/>';
  return `<marker id="arrow-${health}" class="arrow ${health}" viewBox="0 0 8 8" refX="3" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">${shape}</marker>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const style = `
.page,.paper{fill:#f6f7f9}.paper{opacity:.9}text{font:11px system-ui,sans-serif;fill:#1b2230}.title{font-size:15px;font-weight:600}.about,.group{fill:#5a6475}
.about{font-size:12px}.group,.name{font-size:12.5px;font-weight:600}.name,.label{text-anchor:middle}.label{fill:#5a6475}
.namespace{fill:#fff;stroke:#e3e7ee}.node{fill:#fff;stroke:#9aa4b5}.outside{stroke-dasharray:4 3}.call{fill:none;stroke-width:1.8}
.call.good{stroke:#4cae82}.call.warn{stroke:#d99a2b}.call.bad{stroke:#d8495b}.call.idle{stroke:#9aa4b5}
.arrow.good{fill:#4cae82}.arrow.warn{fill:#d99a2b}.arrow.bad{fill:#d8495b}.arrow.idle{fill:#9aa4b5}
.label.good{fill:#14784a}.label.warn{fill:#8d5800}.label.bad{fill:#bb2438;font-weight:600}
@media(prefers-color-scheme:dark){.page,.paper{fill:#11151c}text{fill:#e3e8f0}.about,.group,.label{fill:#98a3b5}.namespace{fill:#171c25;stroke:#262e3b}
.node{fill:#1d2430;stroke:#6d788b}.label.good{fill:#5fd09a}.label.warn{fill:#eab55a}.label.bad{fill:#ff8292}}
`.trim();
