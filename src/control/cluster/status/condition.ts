import { type Fields, isRecord } from '../../../lib/values.ts';

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

export interface MergedConditions {
  readonly conditions: readonly unknown[];
  /** Those whose status, reason or message is not what the object has. */
  readonly news: readonly ConditionState[];
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
): MergedConditions | undefined {
  const existing = Array.isArray(before) ? before.filter(isRecord) : [];
  let changed = false;
  const news: ConditionState[] = [];
  const own = states.map((state): Condition => {
    const old = existing.find(({ type }) => type === state.type);
    const same = old?.status === state.status;
    const lastTransitionTime =
      same && typeof old.lastTransitionTime === 'string' ? old.lastTransitionTime : rfc3339(now);
    const condition = { ...state, observedGeneration, lastTransitionTime };
    if (!says(old, state)) news.push(state);
    changed ||= !says(old, condition);
    return condition;
  });
  if (!changed) return undefined;
  const ownTypes = new Set<unknown>(states.map(({ type }) => type));
  return { conditions: [...existing.filter(({ type }) => !ownTypes.has(type)), ...own], news };
}

function says(condition: Fields | undefined, wanted: object): boolean {
  return condition !== undefined && Object.entries(wanted).every(([name, value]) => condition[name] === value);
}

/** To the second, as Kubernetes writes times. */
function rfc3339(date: Date): string {
  return date.toISOString().replace(/\.\d+Z$/, 'Z');
}
