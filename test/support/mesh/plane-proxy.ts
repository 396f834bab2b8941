import { proxyAdapter } from '../../../adapters/proxy/index.ts';
import { localAdminPort } from '../../../src/kubernetes/local-addressing.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { type RunningProxy, type StaticResource, startProxy } from '../../../src/proxy/index.ts';
import { randomHeader } from './exchange.ts';
import { outsideOf } from './outside.ts';
import type { Plane } from './planes.ts';

/** Our own proxy, in this process, with static configuration. */
export const proxyPlane: Plane = {
  name: 'our proxy',
  async refusedFlows({ addresses: [address] }) {
    const text = await (await fetch(`http://${address}:${localAdminPort}/metrics`)).text();
    const counts = [...text.matchAll(/^smi_udp_flows_total\{.*verdict="(?!forwarded)[a-z]+"\} (\d+)$/gm)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  },
  async start(model, workloads, credentials) {
    const { dns } = outsideOf(model);
    const running: RunningProxy[] = [];
    const stop = async () => {
      await Promise.all(running.map((proxy) => proxy.stop()));
    };
    try {
      for (const id of workloads) {
        const { namespace, serviceAccount, addresses } = model.workloads[id]!;
        const proxy = await startProxy(
          {
            node: id,
            admin: { address: addresses[0]!, port: localAdminPort },
            secret: await credentials.issued(spiffeId(model.trustDomain, namespace, serviceAccount)),
            resources: proxyResources(model, id),
            testRandomHeader: randomHeader,
            dnsServers: [`${dns.address}:${dns.port}`],
          },
          { log: () => {} },
        );
        running.push(proxy);
        await proxy.ready;
      }
    } catch (error) {
      await stop();
      throw error;
    }
    return stop;
  },
};

/** Everything that one workload's proxy may know, in the order in which it would arrive. */
export function proxyResources(model: MeshModel, workload: WorkloadId): readonly StaticResource[] {
  return proxyAdapter
    .view(model, workload, { options: {} })
    .flatMap((unit) => proxyAdapter.emitUnit(model, unit, { options: {} }))
    .map(({ format, body }) => ({ typeUrl: format, ...(body as Record<string, unknown>) }));
}
