import type { Workload } from '../../../../src/model/types.ts';
import type { EnvoyOptions, InterceptionPorts } from '../../options.ts';
import { type Message, socketAddress } from '../message.ts';

/** Where the connections of a workload are redirected to; undefined where its sidecar listens at each port itself. */
export function interceptionOf(
  { outbound }: Pick<Workload, 'outbound'>,
  { interception }: EnvoyOptions,
): InterceptionPorts | undefined {
  return outbound === 'intercepted' ? interception : undefined;
}

/** All addresses of the families that the pod has; IPv4 while none is known. */
export function anyAddress({ addresses }: Pick<Workload, 'addresses'>, port: number): Message {
  const v6 = addresses.some((address) => address.includes(':'));
  const v4 = !v6 || addresses.some((address) => !address.includes(':'));
  const [first = '', second] = [...(v4 ? ['0.0.0.0'] : []), ...(v6 ? ['::'] : [])];
  return {
    address: socketAddress(first, port),
    ...(second === undefined ? {} : { additionalAddresses: [{ address: socketAddress(second, port) }] }),
  };
}
