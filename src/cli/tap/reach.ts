import type { TapTarget } from '../../control/admin/contract.ts';
import { localAdminPort } from '../../kubernetes/local-addressing.ts';
import { sidecarPorts } from '../../kubernetes/names.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import type { TapLine } from '../../telemetry/tap-endpoint.ts';
import { type ControlPlaneOptions, isInCluster } from '../control-plane/answer.ts';
import { Unreachable } from '../unreachable.ts';
import { readTap, type TapStream } from './stream.ts';

/** Begins to read the tap of a workload's proxy; `ended` is called once, with what is wrong, if something is. */
export type ReachTap = (
  target: TapTarget,
  query: string,
  line: (line: TapLine) => void,
  ended: (reason: string) => void,
) => Promise<TapStream>;

/** How proxies are reached: of a local mesh at their pods' addresses, of a cluster through its apiserver. */
export async function reachOf(options: ControlPlaneOptions): Promise<ReachTap> {
  if (!isInCluster(options)) return localReach;
  const { context, kubeconfig } = options;
  // Loaded only here: questions to a local mesh shall not wait for the client library.
  const { connect } = await import('../../kubernetes-client/connect.ts');
  const connected = await connect({
    ...(typeof context === 'string' ? { context } : {}),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  });
  if (!connected.ok) throw new Unreachable(connected.error.diagnostic);
  return await reachThrough(connected.value);
}

export const localReach: ReachTap = async ({ addresses: [host = ''] }, query, line, ended) =>
  readTap({ host, port: localAdminPort }, query, line, ended);

/** Forwards the admin ports of proxies through the apiserver, as the user of the connection. */
export async function reachThrough(connection: StreamingConnection): Promise<ReachTap> {
  const { portForward } = await import('../../kubernetes-client/port-forward.ts');
  return async ({ workload }, query, line, ended) => {
    const [namespace = '', pod = ''] = workload.split('/');
    const forwarded = await portForward(connection, { namespace, pod, port: sidecarPorts.admin });
    if (!forwarded.ok) {
      ended(forwarded.error.diagnostic.message);
      return { close: () => {} };
    }
    const stream = forwarded.value;
    const to = { headers: { host: 'proxy' }, createConnection: () => stream };
    return readTap(to, query, line, (reason) => {
      stream.destroy();
      ended(reason);
    });
  };
}
