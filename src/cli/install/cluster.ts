import { connect, type StreamingConnection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import type { Result } from '../../lib/result.ts';
import { Unreachable } from '../unreachable.ts';
import type { TargetOptions } from './options.ts';

/** Connects, or ends the command: it works on a cluster or not at all. */
export async function clusterOf({ context, kubeconfig }: TargetOptions): Promise<StreamingConnection> {
  return needed(
    await connect({
      ...(context === undefined ? {} : { context }),
      ...(kubeconfig === undefined ? {} : { kubeconfig }),
    }),
  );
}

/** The value, or the end of the command with what the apiserver says. */
export function needed<T>(result: Result<T, ClusterFault>): T {
  if (!result.ok) throw new Unreachable(result.error.diagnostic);
  return result.value;
}
