import type { Origin } from '../../diagnostics/origin.ts';
import type { Lookup } from '../../lib/incremental/stage.ts';
import type { PolicyLayer } from '../../model/policy.ts';
import type { ServiceId } from '../../model/types.ts';
import type { RefusedPolicy, TrafficPolicy } from '../../policy/types.ts';

/** Which requests a policy is about. */
export interface Coverage {
  /** For what clients do: the matches that resolve. Absent when none does: the policy then covers no request. */
  readonly client?: PolicyLayer<unknown>['matches'];
  /** For what protects servers: every request as soon as one of the matches does not resolve. */
  readonly server: PolicyLayer<unknown>['matches'];
}

/** A policy together with one thing that it is for. */
export interface TargetedPolicy {
  /** `NAMESPACE/NAME`. */
  readonly id: string;
  readonly policy: TrafficPolicy;
  readonly coverage: Coverage;
  /** The reference to the target. */
  readonly origin: Origin;
}

/** What was left of a refused policy, with one thing that it was for. */
export interface TargetedRefusal {
  readonly id: string;
  readonly refused: RefusedPolicy;
  readonly origin: Origin;
}

/** Policies by what they are for; those for one target in the order in which their fields are asked. */
export interface ByTarget<T> {
  readonly services: Lookup<ServiceId, readonly T[]>;
  readonly namespaces: Lookup<string, readonly T[]>;
  readonly mesh: readonly T[];
}

export interface PolicyIndex extends ByTarget<TargetedPolicy> {
  readonly refused: ByTarget<TargetedRefusal>;
  /** Whether any of them asks something of servers: most meshes have nothing to ask, and need not be looked through. */
  readonly guards: boolean;
}
