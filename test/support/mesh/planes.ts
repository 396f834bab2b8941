import type { MeshModel, Workload, WorkloadId } from '../../../src/model/types.ts';
import type { Credentials } from './credentials.ts';

/** A data plane under test. */
export interface Plane {
  readonly name: string;
  /** How many flows of datagrams a running sidecar has refused or could not deliver. */
  refusedFlows(client: Workload): Promise<number>;
  /** Starts the sidecars of some workloads; settles when they take traffic. The result stops them for good. */
  start(model: MeshModel, workloads: readonly WorkloadId[], credentials: Credentials): Promise<() => Promise<void>>;
}

/** Two data planes in one mesh: workloads with ports of their own are served by `servers`, the others by `clients`. */
export function mixedPlane(clients: Plane, servers: Plane): Plane {
  return {
    name: `${clients.name} to ${servers.name}`,
    refusedFlows: (client) => clients.refusedFlows(client),
    async start(model, workloads, credentials) {
      const serves = (id: WorkloadId): boolean => (model.workloads[id]?.ports.length ?? 0) > 0;
      const stopServers = await servers.start(model, workloads.filter(serves), credentials);
      try {
        const stopClients = await clients.start(
          model,
          workloads.filter((id) => !serves(id)),
          credentials,
        );
        return async () => {
          await stopClients();
          await stopServers();
        };
      } catch (error) {
        await stopServers();
        throw error;
      }
    },
  };
}
