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

/** Who was asked: the control plane of a folder, the replicas of a controller in a cluster, or a Prometheus; `answered`: it has said why not. */
export type Asked = 'folder' | 'cluster' | 'prometheus' | 'answered';

const hints: Readonly<Record<Exclude<Asked, 'folder'>, string>> = {
  cluster: 'Run `smi-cli check` against the same cluster, and name the namespace of the controller with `--namespace`.',
  answered: 'The control plane answers, and says what is missing there.',
  prometheus: 'Check that `--prometheus` is the address of a Prometheus that answers.',
};

export function notReached(message: string, asked: Asked): Unreachable {
  return new Unreachable(diagnostic('SMI6111', { message, ...(asked === 'folder' ? {} : { hint: hints[asked] }) }));
}

export function isInCluster({ context, kubeconfig }: ControlPlaneOptions): boolean {
  return context !== undefined || kubeconfig !== undefined;
}

export function askedBy(options: ControlPlaneOptions): Asked {
  return isInCluster(options) ? 'cluster' : 'folder';
}
