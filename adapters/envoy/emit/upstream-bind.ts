import type { Message } from './message.ts';

/** Of upstream connections: they come from this address. */
export function from(address: string): Message {
  return { sourceAddress: { address, portValue: 0 } };
}

/** Of upstream connections of both stacks: they have this hop limit (`IP_TTL`, `IPV6_UNICAST_HOPS`) from the first packet on. */
export function withHopLimit(hops: number): Message {
  const option = (level: number, name: number): Message => ({
    ...{ description: 'hop limit', level, name, intValue: hops, state: 'STATE_PREBIND' },
  });
  return {
    ...from('0.0.0.0'),
    socketOptions: [option(0, 2)],
    // A socket knows the option of its own family only.
    extraSourceAddresses: [
      { ...{ address: from('::').sourceAddress }, socketOptions: { socketOptions: [option(41, 16)] } },
    ],
  };
}
