import { spiffeId } from '../../../src/lib/spiffe.ts';
import { refusedByEnvoy } from '../../support/mesh/plane-envoy.ts';
import type { Plane } from '../../support/mesh/planes.ts';
import { type Fleet, resourcesOf } from './fleet.ts';

/** The Envoys of a fleet as the sidecars of a mesh; they stay when the mesh goes. */
export function fleetPlane(fleet: Fleet, name: string): Plane {
  return {
    name,
    refusedFlows: refusedByEnvoy,
    async start(model, workloads, credentials) {
      const slots = await Promise.all(
        workloads.map(async (id) => {
          const { namespace, serviceAccount, addresses } = model.workloads[id]!;
          const svid = await credentials.issued(spiffeId(model.trustDomain, namespace, serviceAccount));
          const slot = fleet.slot(addresses[0]!);
          slot.serve(resourcesOf(model, id, svid));
          return slot;
        }),
      );
      await Promise.all(slots.map((slot) => slot.ready()));
      await Promise.all(slots.map((slot) => slot.settled()));
      return () => fleet.clear();
    },
  };
}
