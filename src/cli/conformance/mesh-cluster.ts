import type { WaitReport } from '../../control/admin/contract.ts';
import { connect, type StreamingConnection } from '../../kubernetes-client/connect.ts';
import { nonEmpty } from '../../lib/collections.ts';
import { notReached } from '../control-plane/answer.ts';
import { mergeWaits } from '../control-plane/merge.ts';
import { replicasOf } from '../control-plane/replicas.ts';
import { Unreachable } from '../unreachable.ts';

interface MeshCluster {
  readonly connection: StreamingConnection;
  /** Settles when everything that is written has landed with every sidecar, as `smi-cli wait` finds it. */
  landed(): Promise<void>;
}

interface ClusterChoice {
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly controllerNamespace: string;
}

const stepMillis = 20_000;
const graceMillis = 5_000;
const longestMillis = 120_000;
const status = 200;

/** The cluster that the options name; throws `Unreachable`. `ours`: a controller of smi-mesh can say what has landed. */
export async function meshCluster(options: ClusterChoice, ours: boolean): Promise<MeshCluster> {
  const { context, kubeconfig, controllerNamespace: namespace } = options;
  const choice = { ...(context === undefined ? {} : { context }), ...(kubeconfig === undefined ? {} : { kubeconfig }) };
  if (!ours) {
    const connected = await connect(choice);
    if (!connected.ok) throw new Unreachable(connected.error.diagnostic);
    return { connection: connected.value, landed: async () => undefined };
  }
  const replicas = await replicasOf({ folder: '.', namespace, ...choice });
  const landed = async () => {
    const deadline = performance.now() + longestMillis;
    for (;;) {
      const query = new URLSearchParams({ timeout: String(stepMillis) });
      const answers = await replicas.ask(`/wait?${query}`, stepMillis + graceMillis);
      const reports = nonEmpty(
        answers.filter((each) => each.status === status).map(({ body }) => JSON.parse(body) as WaitReport),
      );
      if (reports === undefined) throw notReached('the controller does not say what has landed', 'cluster');
      const { outcome, rollout } = mergeWaits(reports);
      if (outcome !== 'waiting') return;
      if (performance.now() > deadline)
        throw new Error(`a change has not landed with ${rollout?.missing.join(', ') ?? 'anybody'}`);
    }
  };
  return { connection: replicas.connection, landed };
}
