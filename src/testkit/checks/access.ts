import { keepsOut, refusesUnasked } from '../../translate/proof/closed.ts';
import { type ContractCase, contractCase, type Subject } from '../case.ts';
import type { Trial } from '../trial.ts';

/**
 * A target that cannot tell who calls lets everybody in: of a mesh that keeps callers out nothing is written, unless an option
 * says that something else sees to that. Asked without options, whatever those of the test are.
 */
export function closedCase({ adapter }: Subject, trials: readonly Trial[]): ContractCase {
  const { level } = adapter.support['access-identity'] ?? { level: 'none' };
  const closed = trials.filter(({ model, failed }) => !failed && keepsOut(model));
  const skipped =
    level === 'none'
      ? closed.length === 0
        ? 'no model keeps callers out'
        : undefined
      : `access-identity is ${level}: the proof judges who is let in`;
  return contractCase(
    'access: a closed mesh is refused',
    () =>
      closed
        .filter(({ model, first }) => first().artifacts.length > 0 && !refusesUnasked(adapter, model))
        .map(
          ({ name }) =>
            `${name} keeps callers out, access-identity is none, and documents are written though no option says who else does`,
        ),
    skipped,
  );
}
