import { type CheckResult, checkGroups } from '../../install/checks/result.ts';
import type { TextStyle } from '../../lib/text-style.ts';
import { plainStyle } from '../../lib/text-style.ts';

/** The results by group, each hint below what it is for. */
export function checkLines(results: readonly CheckResult[], style: TextStyle = plainStyle): readonly string[] {
  const signs: Readonly<Record<CheckResult['status'], string>> = {
    ok: style.green('ok     '),
    warning: style.yellow('warning'),
    error: style.red('error  '),
    skipped: style.dim('skipped'),
  };
  return checkGroups.flatMap((group) => {
    const own = results.filter((result) => result.group === group);
    if (own.length === 0) return [];
    const lines = own.flatMap(({ status, message, hint }) => [
      `  ${signs[status]}  ${message}`,
      ...(hint === undefined || status === 'ok' ? [] : [style.dim(`           hint: ${hint}`)]),
    ]);
    return ['', style.bold(group), ...lines];
  });
}

/** One line about all results. */
export function verdictOf(results: readonly CheckResult[], stage: 'before' | 'after'): string {
  const count = (status: CheckResult['status']) => results.filter((result) => result.status === status).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const subject = stage === 'before' ? 'this cluster' : 'the mesh';
  const fine = stage === 'before' ? 'can take smi-mesh' : 'is as it should be';
  if (errors > 0) return `${subject} has ${plural(errors, 'error')} and ${plural(warnings, 'warning')}`;
  return warnings > 0 ? `${subject} ${fine}, with ${plural(warnings, 'warning')}` : `${subject} ${fine}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
