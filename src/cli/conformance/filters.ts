import type { ConformanceCase } from '../../conformance/case.ts';
import { apis } from '../../conformance/case.ts';
import { loadCases } from '../../conformance/load.ts';
import { closest } from '../../lib/suggest.ts';
import { wrongUse } from '../wrong-use.ts';

export interface FilterOptions {
  readonly api: readonly string[];
  readonly level?: 'core' | 'extended';
  readonly clause: readonly string[];
  readonly case?: RegExp;
  readonly suite?: string;
}

/** The cases that were asked for, or the exit code for wrong use when there is none. */
export function selectCases(options: FilterOptions): readonly ConformanceCase[] | number {
  const loaded = loadCases(options.suite);
  if (!loaded.ok) return wrongUse(`the suite cannot be read: ${loaded.error.join('; ')}`);
  const unknown = options.api.find((api) => !apis.some((known) => alike(known, api)));
  if (unknown !== undefined) {
    const near = closest(unknown, apis);
    return wrongUse(`no cases are about ${unknown}${near === undefined ? '' : `; did you mean ${near}?`}`);
  }
  const selected = loaded.value.filter((testCase) => matches(testCase, options));
  return selected.length === 0 ? wrongUse('no case matches; `smi-cli conformance list` shows them all') : selected;
}

function matches({ api, level, clauses, name }: ConformanceCase, options: FilterOptions): boolean {
  if (options.api.length > 0 && !options.api.some((wanted) => alike(wanted, api))) return false;
  if (options.level !== undefined && options.level !== level) return false;
  if (options.clause.length > 0 && !options.clause.some((clause) => clauses.includes(clause))) return false;
  return options.case === undefined || options.case.test(name);
}

function alike(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
