import { features } from '../../../src/adapter/features.ts';
import { type Excuse, excuses } from '../../../src/translate/proof/excuses.ts';

/** The lines of the table in docs/translate.md: what excuses which difference. */
export function excuseTable(): readonly string[] {
  return [
    '| what differs | a loss, or the table, at the fields that decide | a loss at the Service | the table alone |',
    '|---|---|---|---|',
    ...Object.values(excuses).map(({ difference, atFields, atService, byTable, levels = [] }: Excuse) => {
      const alone = byTable === undefined ? '' : `${levels.join(' or ')}: ${named(byTable)}`;
      return `| ${difference} | ${named(atFields)} | ${named(atService)} | ${alone} |`;
    }),
  ];
}

/** Of many that have one beginning the beginning. */
function named(some: readonly string[] = []): string {
  const groups = Map.groupBy(some, (name) => name.slice(0, name.indexOf('-') + 1));
  return [...groups]
    .flatMap(([start, names]) =>
      names.length > 2 && features.every((name) => !name.startsWith(start) || some.includes(name))
        ? [`${start}*`]
        : names,
    )
    .map((name) => `\`${name}\``)
    .join(', ');
}
