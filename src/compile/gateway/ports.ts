import type { NonEmpty } from '../../lib/collections.ts';
import type { OutboundRule } from '../../model/types.ts';

/** By key of the port the rules that routes of Gateway API give it; not of ports that no route is for. */
export type GatewayPorts = Readonly<Record<string, NonEmpty<OutboundRule>>>;
