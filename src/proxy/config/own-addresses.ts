import type { Messages } from './resources.ts';

/** In a listener's place: any address of the pod. */
const anyAddress = '0.0.0.0';

/** A workload as its own proxy sees it: listeners for any address of the pod are at those that the proxy knows it to have. */
export function atOwnAddresses(workload: Messages['Workload'], own: readonly string[]): Messages['Workload'] {
  if (own.length === 0 || !workload.inbound.some(({ address }) => address === anyAddress)) return workload;
  const inbound = workload.inbound.flatMap((listener) =>
    listener.address === anyAddress ? own.map((address) => ({ ...listener, address })) : [listener],
  );
  return { ...workload, inbound };
}
