import type { TrafficEdge, TrafficSummary } from '../../metrics/contract.ts';
import { table } from '../control-plane/words.ts';
import { exitCodes } from '../exit-codes.ts';
import { print, printJson } from '../output.ts';
import { wrongUse } from '../wrong-use.ts';
import { askForTraffic, isNamed } from './ask.ts';
import { kindsText, readPlural, type TrafficCommandOptions } from './options.ts';
import { millisText, nameOf, rateText, statement, successText } from './words.ts';

export interface EdgesOptions extends TrafficCommandOptions {
  readonly output: 'table' | 'wide' | 'json';
}

/** Lists who calls whom; returns the exit code. */
export async function runEdges(kind: string, name: string | undefined, options: EdgesOptions): Promise<number> {
  const by = readPlural(kind);
  if (by === undefined) return wrongUse(`${kind} is not measured; one of ${kindsText} is`);
  const { side, within } = options;
  const summary = await (await askForTraffic({ by, side, only: 'edges' }, options))();
  const edges = summary.edges.filter(
    (edge) => isNamed(edge.source, name, within) || isNamed(edge.destination, name, within),
  );
  if (options.output === 'json') {
    const { totals: _, ...rest } = summary;
    printJson({ ...rest, edges });
  } else print(...renderEdges(summary, edges, options.output === 'wide'));
  return exitCodes.fine;
}

function renderEdges(summary: TrafficSummary, edges: readonly TrafficEdge[], wide: boolean): readonly string[] {
  const head = `edges between ${summary.by}; ${statement(summary)}`;
  if (edges.length === 0) return [head, 'no traffic'];
  const columns = [
    'FROM',
    'TO',
    'SIDE',
    'SUCCESS',
    'RPS',
    'P50',
    'P99',
    ...(wide ? ['REQUESTS', 'FAILED', 'DENIED', 'RETRIES'] : []),
  ];
  const rows = edges.map((edge) => [
    nameOf(edge.source),
    edge.backend === undefined ? nameOf(edge.destination) : `${nameOf(edge.destination)} > ${edge.backend.name}`,
    edge.side,
    successText(edge),
    rateText(edge, summary.observedSeconds),
    millisText(edge.latency.p50Millis),
    millisText(edge.latency.p99Millis),
    ...(wide ? [edge.success + edge.failure, edge.failure, edge.denied, edge.retries].map(String) : []),
  ]);
  return [head, ...table([columns, ...rows])];
}
