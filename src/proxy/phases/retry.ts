import { NEXT, type Phase } from './phase.ts';

/** Counts what goes out towards the budget for further tries, which `Tries` spends. */
export const retryPhase: Phase = {
  name: 'retry',
  request: ({ policy, startedAt }) => {
    policy?.retries.budget.request(startedAt);
    return NEXT;
  },
};
