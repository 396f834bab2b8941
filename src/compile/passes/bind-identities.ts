import { boundIdentity } from '../bound-identity.ts';
import { workloadsByLabel } from '../labels.ts';
import type { Pass } from '../state.ts';

/** The workloads of each account, and whom each IdentityBinding stands for. */
export const bindIdentities: Pass = {
  name: 'bind identities',
  run({ index, workloads }, context) {
    const byLabel = workloadsByLabel(workloads.values());
    return {
      accounts: Map.groupBy(workloads.values(), ({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`),
      bindings: new Map(
        [...index.identityBindings].map(([id, binding]) => [id, boundIdentity(binding, byLabel, context)]),
      ),
    };
  },
};
