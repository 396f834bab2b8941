import type { ObjectKey, Origin } from '../../diagnostics/origin.ts';
import type { LocatedDiagnostic } from '../located-diagnostic.ts';
import type { Blame } from './blame.ts';

/** One proxy that refuses a resource. */
export interface RefusingProxy {
  readonly node: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** The version that it goes on with; absent for a proxy that has none and does without, which lets nothing through. */
  readonly keeps?: string;
  /** In the proxy's words, cut to a bounded length. */
  readonly detail: string;
}

export interface RefusedVersion {
  readonly typeUrl: string;
  readonly resource: string;
  readonly version: string;
}

/** What is at fault in a refused version. */
export interface Fault {
  /** The same for every resource that is refused for the same field and in the same words. */
  readonly id: string;
  /** The object and field that are at fault; absent for a resource that comes from no object. */
  readonly object?: ObjectKey;
  readonly path?: string;
  readonly by: Blame['by'];
  /** Every object that the resource is made from. */
  readonly objects: readonly ObjectKey[];
  /** Other fields that may be at fault. */
  readonly related: readonly Origin[];
  /** The finding as it was first reported. */
  readonly diagnostic: LocatedDiagnostic;
}

/**
 * Configuration that proxies refuse now, for one reason: everything that a report, a status condition or an event about
 * it needs. It is over when the resources have other content or no connected proxy refuses them.
 */
export interface ProxyRefusal extends Fault {
  /** The first ones of many: proxies may each have a resource of their own that is made from the field. */
  readonly resources: readonly RefusedVersion[];
  /** In the order in which they refused; the first ones of many. */
  readonly proxies: readonly RefusingProxy[];
  /** How many they are. */
  readonly count: number;
}
