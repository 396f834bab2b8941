import type { AdminAnswer } from '../../control/admin/contract.ts';
import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { Unreachable } from '../unreachable.ts';

/** Which control plane is meant: that of a folder here, by its state directory, or the replicas of one in a cluster. */
export interface ControlPlaneOptions {
  readonly state?: string;
  readonly folder: string;
  /** `true`: the current context. */
  readonly context?: string | true;
  readonly kubeconfig?: string;
  /** Of the controller in a cluster. */
  readonly namespace: string;
}

export interface ReplicaAnswer extends AdminAnswer {
  /** Who gave it, for people. */
  readonly who: string;
}

export function notReached(message: string, hint?: string): Unreachable {
  return new Unreachable(diagnostic('SMI6111', { message, ...(hint === undefined ? {} : { hint }) }));
}
