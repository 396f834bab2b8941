import type { CarriersReport } from '../../control/admin/contract.ts';
import { listing } from '../../lib/listing.ts';
import type { Result } from '../../lib/result.ts';

/** Whether an object has arrived where it counts: at the proxies whose configuration it takes part in. */
export interface CarryingProxies {
  /** So many are concerned. */
  readonly concerned: number;
  /** So many of them have taken the version that carries the object as it is in force. */
  readonly taken: number;
  readonly waiting: readonly string[];
  /** In the proxies' words. */
  readonly refused: readonly { readonly proxy: string; readonly resource: string; readonly reason: string }[];
  /** Sidecars that are connected to no replica, concerned or not. */
  readonly absent: readonly string[];
}

/** The proxies, or why nothing is known of them. */
export type ProxiesOfObject = CarryingProxies | { readonly unknown: string };

export function proxiesOfObject(answer: Result<CarriersReport, string>): ProxiesOfObject {
  if (!answer.ok) return { unknown: answer.error };
  const { known, carriers, absent } = answer.value;
  if (!known) return { unknown: 'the control plane has not seen the object' };
  const inState = (wanted: string) => carriers.filter(({ state }) => state === wanted);
  return {
    concerned: carriers.length,
    taken: inState('synced').length,
    waiting: inState('waiting').map(({ node }) => node),
    refused: carriers.flatMap(({ node, refused }) =>
      refused.map(({ resource, detail }) => ({ proxy: node, resource, reason: detail })),
    ),
    absent,
  };
}

const namesLimit = 5;

export function proxyLines(proxies: ProxiesOfObject): readonly string[] {
  if ('unknown' in proxies) return [`not known: ${proxies.unknown}`];
  const { concerned, taken, waiting, refused, absent } = proxies;
  const few = (names: readonly string[]) => listing(names, namesLimit);
  const more = refused.length - namesLimit;
  return [
    concerned === 0
      ? 'no proxy that is connected is concerned'
      : `${taken} of ${concerned} proxies concerned have taken it as it is in force`,
    ...(waiting.length === 0 ? [] : [`on its way to ${few(waiting)}`]),
    ...refused.slice(0, namesLimit).map(({ proxy, resource, reason }) => `${proxy} refused ${resource}: ${reason}`),
    ...(more > 0 ? [`and ${more} more refusals`] : []),
    ...(absent.length === 0 ? [] : [`not connected: ${few(absent)}`]),
  ];
}
