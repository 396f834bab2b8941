import type { LocalityPreference } from '../../lib/locality.ts';
import type { Algorithm } from './balance/algorithms.ts';
import type { KeyOf } from './balance/key.ts';
import type { BreakerLimits } from './breaker.ts';
import type { HealthCheckSettings } from './health-check.ts';
import type { OutlierSettings } from './outlier.ts';

/** How a cluster treats its endpoints; compiled from a policy once, when configuration arrives. */
export interface ClusterSettings {
  readonly algorithm: Algorithm;
  /** What the hashing algorithms read; undefined for the others. */
  readonly keyOf: KeyOf | undefined;
  /** With fewer usable endpoints than this, in percent, health is ignored. */
  readonly panicPercent: number;
  readonly preference: LocalityPreference;
  /** Undefined: off. */
  readonly outlier: (OutlierSettings & { readonly probePath: string }) | undefined;
  /** Undefined: none. */
  readonly health: HealthCheckSettings | undefined;
  /** Undefined: the proxy's own limits only. */
  readonly breaker: BreakerLimits | undefined;
  readonly connectMillis: number;
  /** Connections are shared with no other cluster, since bounds of this one hold for them. */
  readonly ownConnections: boolean;
}
