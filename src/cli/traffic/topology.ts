import type { TrafficEdge, TrafficSummary } from '../../metrics/contract.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { askForTraffic, isNamed } from './ask.ts';
import { kindsText, readPlural, type TrafficCommandOptions } from './options.ts';
import { topologyDot } from './topology-dot.ts';
import { millisText, nameOf, rateText, statement, successText } from './words.ts';

export interface TopologyOptions extends TrafficCommandOptions {
  readonly output: 'text' | 'dot' | 'svg' | 'json';
}

/** Draws who calls whom; returns the exit code. */
export async function runTopology(kind: string, options: TopologyOptions): Promise<number> {
  const by = readPlural(kind);
  if (by === undefined || by === 'trafficsplits')
    return wrongUse(`${kind} has no topology; one of ${kindsText} has, but trafficsplits`);
  const { side, within } = options;
  const summary = await (await askForTraffic({ by, side, only: 'edges' }, options))();
  const kept = summary.edges.filter(
    (edge) => isNamed(edge.source, undefined, within) || isNamed(edge.destination, undefined, within),
  );
  const edges = oneSide(kept);
  switch (options.output) {
    case 'json':
      printJson({ ...summary, totals: undefined, edges });
      break;
    case 'dot':
      print(...topologyDot(edges, summary));
      break;
    case 'svg': {
      const { topologySvg } = await import('./topology-svg.ts');
      print(...topologySvg(edges, summary));
      break;
    }
    default:
      print(...renderTopology(edges, summary));
  }
  return exitCodes.fine;
}

/** Each pair once: as the server measured, and where no server's proxy did, as the client did. */
function oneSide(edges: readonly TrafficEdge[]): readonly TrafficEdge[] {
  const chosen = new Map<string, TrafficEdge>();
  for (const edge of edges) {
    const key = `${nameOf(edge.source)} ${nameOf(edge.destination)}`;
    if (edge.side === 'server' || !chosen.has(key)) chosen.set(key, edge);
  }
  return [...chosen.values()];
}

function renderTopology(edges: readonly TrafficEdge[], summary: TrafficSummary): readonly string[] {
  const head = `topology of ${summary.by}; ${statement(summary)}`;
  if (edges.length === 0) return [head, 'no traffic'];
  const sources = Map.groupBy(edges, ({ source }) => nameOf(source));
  const lines = [...sources].flatMap(([source, calls]) => [
    source === '-' ? '(outside)' : source,
    ...calls.map(
      (edge, index) =>
        `${index === calls.length - 1 ? '└─' : '├─'} ${nameOf(edge.destination)}  ${labelOf(edge, summary)}`,
    ),
  ]);
  return [head, ...lines];
}

/** Success, rate, and the slowest of a hundred. */
function labelOf(edge: TrafficEdge, { observedSeconds }: TrafficSummary): string {
  return `${successText(edge)} ${rateText(edge, observedSeconds)}/s p99 ${millisText(edge.latency.p99Millis)} (${edge.side})`;
}
