import { boundIdentity } from '../bound-identity.ts';
import type { Pass } from '../state.ts';

/** The workloads of each account, and whom each IdentityBinding stands for. */
export const bindIdentities: Pass = {
  name: 'bind identities',
  run({ index, workloads }, context) {
    const byNamespace = Map.groupBy(workloads.values(), ({ namespace }): string => namespace);
    return {
      accounts: Map.groupBy(workloads.values(), ({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`),
      bindings: new Map(
        [...index.identityBindings].map(([id, binding]) => [
          id,
          boundIdentity(binding, byNamespace.get(binding.meta.namespace) ?? [], context),
        ]),
      ),
    };
  },
};
