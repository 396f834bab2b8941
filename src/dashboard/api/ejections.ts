import type { AdminHandler } from '../../control/admin/contract.ts';
import type { EjectionsReport } from '../../metrics/ejections.ts';
import type { MeshModel } from '../../model/types.ts';
import type { EjectionsPage } from './contract.ts';

const askMillis = 6_000;

/** Asks the page `/ejections` of a control plane; nothing where nobody asks the proxies. */
export async function readEjections(ask: AdminHandler, model: MeshModel): Promise<EjectionsPage | undefined> {
  const gone = AbortSignal.timeout(askMillis);
  const answer = await ask({ method: 'GET', path: '/ejections', query: new URLSearchParams(), gone });
  // Both ends are of one release.
  return answer.status === 200 ? ejectionsPage(model, JSON.parse(answer.body) as EjectionsReport) : undefined;
}

function ejectionsPage(model: MeshModel, { proxies, ejections }: EjectionsReport): EjectionsPage {
  const pods = new Map(
    Object.values(model.workloads).flatMap(({ id, addresses }) => addresses.map((address) => [address, id] as const)),
  );
  return {
    proxies,
    ejections: ejections.map(({ cluster, ...ejection }) => {
      const colon = cluster.lastIndexOf(':');
      const workload = pods.get(hostOf(ejection.endpoint));
      return {
        ...ejection,
        ...{ service: cluster.slice(0, colon), port: Number(cluster.slice(colon + 1)) },
        ...(workload === undefined ? {} : { workload }),
      };
    }),
  };
}

/** Of `ADDRESS:PORT`. */
function hostOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}
