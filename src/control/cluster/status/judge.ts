import type { LocatedDiagnostic } from '../../messages.ts';
import type { ProxyRefusal } from '../../refusals/refusal.ts';
import type { ConditionState, ConditionType } from './condition.ts';

/** What is known of one object, as it is now. */
export interface Judged {
  /** Findings whose origin it is. */
  readonly findings: readonly LocatedDiagnostic[];
  /** It has an error that keeps it out of the mesh, where its last good version may still be in force. */
  readonly refused: boolean;
  /** What proxies refuse because of it. */
  readonly refusals: readonly ProxyRefusal[];
  /** Whether every connected proxy has it as it is now, and what it is translated to is in the cluster. */
  readonly landed: boolean;
  /** Why something that it is translated to is not in the cluster. */
  readonly unapplied?: string;
  /** Another mesh carries the traffic, and alone knows what becomes of it. */
  readonly translated?: boolean;
}

/** Two objects claim the same thing, and one of them has it. */
const conflictCodes: ReadonlySet<string> = new Set(['SMI4004', 'SMI4036', 'SMI4103']);
/** 3xxx: what an object names and is not there, or not so. */
const isReference = ({ code }: LocatedDiagnostic): boolean => code.startsWith('SMI3');
const isConflict = ({ code }: LocatedDiagnostic): boolean => conflictCodes.has(code);
const maxMessage = 1_000;

/** The conditions of an object; numbers that move by themselves are not in their words, so that equal means unchanged. */
export function judge(judged: Judged): readonly ConditionState[] {
  const weighty = judged.findings.filter(({ severity }) => severity !== 'info');
  return [accepted(judged, weighty), resolved(weighty), programmed(judged), conflicted(weighty)];
}

/** Whether a condition says that something is wrong, and not only that it is under way. */
export function isBad({ type, status }: ConditionState): boolean {
  return status === (type === 'Conflicted' ? 'True' : 'False');
}

function accepted({ refused }: Judged, findings: readonly LocatedDiagnostic[]): ConditionState {
  const own = findings.filter((finding) => !isReference(finding) && !isConflict(finding));
  const errors = own.filter(({ severity }) => severity === 'error');
  if (refused || errors.length > 0) {
    return state('Accepted', 'False', 'Invalid', errors.length > 0 ? errors : findings, 'it is not valid');
  }
  return state('Accepted', 'True', 'Accepted', own, 'it is valid');
}

function resolved(findings: readonly LocatedDiagnostic[]): ConditionState {
  const missing = findings.filter(isReference);
  return missing.length > 0
    ? state('ResolvedRefs', 'False', 'RefNotFound', missing, '')
    : state('ResolvedRefs', 'True', 'ResolvedRefs', [], 'everything that it names is there');
}

function programmed({ refused, refusals: [refusal], landed, unapplied, translated = false }: Judged): ConditionState {
  if (unapplied !== undefined) {
    const message = unapplied.slice(0, maxMessage);
    return { type: 'Programmed', status: 'False', reason: 'NotApplied', message };
  }
  if (refusal !== undefined) return state('Programmed', 'False', 'RefusedByProxy', [refusal.diagnostic], '');
  if (refused) return state('Programmed', 'False', 'Invalid', [], 'proxies have its last good version, or none');
  const [done, pending] = translated
    ? [
        'the cluster has all that is made from it; which shares traffic really has, only the other mesh counts',
        'not all that is made from it is in the cluster yet',
      ]
    : ['every connected proxy has it', 'not every connected proxy has it yet'];
  return landed
    ? state('Programmed', 'True', 'Programmed', [], done)
    : state('Programmed', 'Unknown', 'Pending', [], pending);
}

function conflicted(findings: readonly LocatedDiagnostic[]): ConditionState {
  const conflicts = findings.filter(isConflict);
  return conflicts.length > 0
    ? state('Conflicted', 'True', 'Conflict', conflicts, '')
    : state('Conflicted', 'False', 'NoConflicts', [], 'no other object claims the same');
}

function state(
  type: ConditionType,
  status: ConditionState['status'],
  reason: string,
  findings: readonly LocatedDiagnostic[],
  otherwise: string,
): ConditionState {
  const [first, ...others] = findings;
  if (first === undefined) return { type, status, reason, message: otherwise };
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return { type, status, reason, message: `${sentenceOf(first).slice(0, maxMessage)}${more}` };
}

/** `SMI3002 spec.backends[1].service: ...`. */
function sentenceOf({ code, origin, message }: LocatedDiagnostic): string {
  const path = origin?.path ?? '';
  return `${code}${path === '' ? '' : ` ${path}`}: ${message}`;
}
