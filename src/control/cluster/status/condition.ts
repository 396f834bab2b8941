import { isRecord } from '../../../lib/values.ts';

export type ConditionType = 'Accepted' | 'ResolvedRefs' | 'Programmed' | 'Conflicted';

/** What is to be said of one aspect of an object. */
export interface ConditionState {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  /** One word for programs. */
  readonly reason: string;
  /** For people; begins with the code and the field of a finding. */
  readonly message: string;
}

/** As metav1.Condition. */
export interface Condition extends ConditionState {
  /** The `metadata.generation` that was judged. */
  readonly observedGeneration: number;
  /** RFC 3339; when `status` changed last. */
  readonly lastTransitionTime: string;
}

/**
 * The list of conditions that an object is to have: those of other writers stay, and a time of transition stays as long as
 * the status does. Nothing when it has exactly these already.
 */
export function mergeConditions(
  before: unknown,
  states: readonly ConditionState[],
  observedGeneration: number,
  now: Date,
): readonly unknown[] | undefined {
  const existing = Array.isArray(before) ? before.filter(isRecord) : [];
  let changed = false;
  const own = states.map((state): Condition => {
    const old = existing.find(({ type }) => type === state.type);
    const same = old?.status === state.status;
    const lastTransitionTime =
      same && typeof old.lastTransitionTime === 'string' ? old.lastTransitionTime : rfc3339(now);
    const condition = { ...state, observedGeneration, lastTransitionTime };
    changed ||= old === undefined || Object.entries(condition).some(([name, value]) => old[name] !== value);
    return condition;
  });
  if (!changed) return undefined;
  const ownTypes = new Set<unknown>(states.map(({ type }) => type));
  return [...existing.filter(({ type }) => !ownTypes.has(type)), ...own];
}

/** To the second, as Kubernetes writes times. */
function rfc3339(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
