import type { MetricsRegistry } from '../../telemetry/registry.ts';
import type { Authenticators } from '../auth/authenticators.ts';
import type { DestinationReader } from '../interception/original-destination.ts';
import type { ListenerManager } from '../listeners/manager.ts';
import type { InboundSettings } from '../phases/inbound.ts';
import type { OutboundSettings } from '../phases/outbound.ts';
import type { PolicyMemory } from '../policy/memory.ts';
import type { Ticker } from '../ticker.ts';
import type { Dialer } from '../upstream/dial.ts';
import type { Outside } from '../upstream/outside.ts';

/** What listeners are made with. */
export interface ListenerEnvironment extends OutboundSettings, InboundSettings {
  readonly registry: MetricsRegistry;
  readonly ticker: Ticker;
  readonly dialer: Dialer;
  readonly authenticators: Authenticators;
  readonly memory: PolicyMemory;
  readonly outside: Outside;
  /** Undefined where each listener is bound to its own address and port. */
  readonly interception: InterceptionEnvironment | undefined;
}

/** How redirected connections come. */
export interface InterceptionEnvironment {
  readonly outboundPort: number;
  readonly inboundPort: number;
  readonly reader: DestinationReader;
  readonly find: ListenerManager['find'];
}
