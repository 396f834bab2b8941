import type { ServiceId } from '../../model/types.ts';
import type { ReachingPort } from '../state.ts';

/** The Services that reach a container port, with the number of their port. */
export type ReachingServices = readonly { readonly service: ServiceId; readonly port: number }[];

/** Who reaches each container port of a workload, UDP left aside. */
export function reachingServices(reaching: readonly ReachingPort[]): ReadonlyMap<number, ReachingServices> {
  const carried = reaching.filter(({ protocol }) => protocol !== 'udp');
  return Map.groupBy(carried, ({ containerPort }) => containerPort);
}
