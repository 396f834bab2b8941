import { indexPolicies } from '../policies/index-policies.ts';
import { reportIdleFields } from '../policies/report.ts';
import type { Pass } from '../state.ts';

/** What each TrafficPolicy is for, and which requests it covers. */
export const targetPolicies: Pass = {
  name: 'target policies',
  run(state, context) {
    const policies = indexPolicies(state, context);
    reportIdleFields(state, policies, context);
    return { policies };
  },
};
