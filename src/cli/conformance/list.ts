import { exitCodes } from '../exit-codes.ts';
import { print, printJson } from '../output.ts';
import { type FilterOptions, selectCases } from './filters.ts';

export interface ListOptions extends FilterOptions {
  readonly output: 'text' | 'json';
}

/** The cases in the order of their names. */
export async function listCases(options: ListOptions): Promise<number> {
  const cases = selectCases(options);
  if (typeof cases === 'number') return cases;
  if (options.output === 'json') {
    printJson(
      cases.map(({ name, title, api, feature, level, clauses, apiVersions }) => ({
        name,
        title,
        api,
        feature,
        level,
        clauses,
        apiVersions,
      })),
    );
    return exitCodes.fine;
  }
  const width = Math.max(...cases.map(({ name }) => name.length));
  print(
    `${cases.length} cases`,
    ...cases.map(({ name, title, level, clauses }) => {
      return `${name.padEnd(width)}  ${level.padEnd(8)}  ${clauses.join(' ').padEnd(12)}  ${title}`;
    }),
  );
  return exitCodes.fine;
}
