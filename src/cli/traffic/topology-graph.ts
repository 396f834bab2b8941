import type { TrafficEdge, TrafficResource, TrafficSummary } from '../../metrics/contract.ts';
import { millisText, nameOf, rateText, successText } from './words.ts';

/** Every end of an edge once; `null` is what has no such resource. */
export function nodesOf(edges: readonly TrafficEdge[]): readonly (TrafficResource | null)[] {
  const ends = edges.flatMap(({ source, destination }) => [source, destination]);
  return [...new Map(ends.map((end) => [nameOf(end), end])).values()];
}

/** In two lines. */
export function edgeLabel(edge: TrafficEdge, { observedSeconds }: TrafficSummary): readonly [string, string] {
  return [`${successText(edge)} ${rateText(edge, observedSeconds)}/s`, `p99 ${millisText(edge.latency.p99Millis)}`];
}
