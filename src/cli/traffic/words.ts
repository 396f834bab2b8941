import type { TrafficResource, TrafficSum, TrafficSummary } from '../../metrics/contract.ts';
import { count, shortName } from '../control-plane/words.ts';

export function nameOf(resource: TrafficResource | null): string {
  if (resource === null) return '-';
  return resource.namespace === undefined ? resource.name : shortName(`${resource.namespace}/${resource.name}`);
}

/** What is stated of every answer: the window, and how much of the mesh was read. */
export function statement({
  windowSeconds,
  observedSeconds,
  measuredBy,
  proxies,
  latencyError,
}: TrafficSummary): string {
  const window =
    observedSeconds < windowSeconds
      ? `${whole(observedSeconds)} s of ${whole(windowSeconds)} s`
      : `${whole(windowSeconds)} s`;
  const read = proxies === undefined ? '' : `, ${proxies.read} of ${count(proxies.known, 'proxy', 'proxies')} read`;
  const within = latencyError === undefined ? '' : `, percentiles within ${Math.ceil(latencyError * 100)} %`;
  return `last ${window}, by ${measuredBy}${read}${within}`;
}

function whole(seconds: number): string {
  return String(Math.round(seconds * 10) / 10);
}

/** Requests, or where there are none connections. */
function amounts(sum: TrafficSum): { readonly all: number; readonly success: number; readonly tcp: boolean } {
  const requests = sum.success + sum.failure;
  const { carried, refused } = sum.connections;
  if (requests > 0 || carried + refused === 0) return { all: requests, success: sum.success, tcp: false };
  return { all: carried + refused, success: carried, tcp: true };
}

/** Of 1; absent where there was nothing. */
export function shareOf(sum: TrafficSum): number | undefined {
  const { all, success } = amounts(sum);
  return all === 0 ? undefined : success / all;
}

export function successText(sum: TrafficSum): string {
  const share = shareOf(sum);
  return share === undefined ? '-' : `${(100 * share).toFixed(1)}%`;
}

export function rateText(sum: TrafficSum, seconds: number): string {
  const { all, tcp } = amounts(sum);
  return `${(all / Math.max(seconds, 1)).toFixed(1)}${tcp ? ' tcp' : ''}`;
}

export function millisText(millis: number): string {
  if (millis === 0) return '-';
  return millis < 100 ? `${millis.toPrecision(2)}ms` : `${Math.round(millis)}ms`;
}
