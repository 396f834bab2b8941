import type { HeaderEdits } from '../http/header-edits.ts';
import type { EditPlan } from '../policy/edit-plan.ts';
import { NEXT, type Phase } from './phase.ts';

/** Changes the header fields that policy names, of requests and of their server's answers. */
export const editPhase: Phase = {
  name: 'edit',
  request: (exchange) => {
    const plan = exchange.policy?.requestHeaders;
    if (plan !== undefined) apply(plan, exchange.editRequest());
    return NEXT;
  },
  response: (exchange) => {
    const plan = exchange.policy?.responseHeaders;
    if (plan !== undefined) apply(plan, exchange.editResponse());
  },
};

function apply({ remove, set, add }: EditPlan, edits: HeaderEdits): void {
  for (const name of remove) edits.remove(name);
  for (const { name, value } of set) edits.set(name, value);
  for (const { name, value } of add) edits.add(name, value);
}
