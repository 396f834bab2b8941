import type { AppliedObject } from '../../install/apply.ts';
import type { Readiness } from '../../install/ready.ts';

const fieldLimit = 8;

/** What an upgrade changes, one line for each object. */
export function changeLines(changes: readonly AppliedObject[]): readonly string[] {
  const real = changes.filter(({ change }) => change !== 'unchanged');
  if (real.length === 0) return ['  nothing changes'];
  return real.map(({ title, change, fields }) => {
    const shown = fields.slice(0, fieldLimit).join(', ');
    const more = fields.length > fieldLimit ? ` and ${fields.length - fieldLimit} more` : '';
    return `  ${change.padEnd(8)} ${title}${shown === '' ? '' : `: ${shown}${more}`}`;
  });
}

export function readyLines(state: readonly Readiness[]): readonly string[] {
  return state.map(({ what, ready, detail }) => `  ${ready ? 'ready  ' : 'waiting'} ${what}: ${detail}`);
}

/** Says what happens on standard error, as it happens. */
export function progress(): (...lines: readonly string[]) => void {
  return (...lines) => {
    for (const line of lines) process.stderr.write(`${line.startsWith(' ') ? '' : '  '}${line}\n`);
  };
}
