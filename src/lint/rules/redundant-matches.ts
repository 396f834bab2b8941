import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import type { HttpMatch } from '../../model/types.ts';
import type { HTTPRouteGroup } from '../../smi/types.ts';
import type { Comparison } from '../cover.ts';
import { httpMatch } from '../http-match.ts';
import { fieldOf, idOf, type LintSubject } from '../subject.ts';

/** Larger groups are not compared match by match. */
const comparedMatches = 200;

/** Matches that another match of their group covers, wherever they are used. */
export function* redundantMatches(subject: LintSubject, comparison: Comparison): Iterable<Diagnostic> {
  const uses = usesOfGroups(subject);
  for (const group of subject.input.routeGroups) {
    if (group.matches.length > comparedMatches) continue;
    const matches = group.matches.map((match) => httpMatch(match, subject.pathRegexMode(group.meta.namespace)));
    for (const [position, match] of group.matches.entries()) {
      const wider = widerThan(position, matches, comparison, (other) =>
        alwaysTogether(uses.get(idOf(group)) ?? [], match.name, group.matches[other]?.name ?? ''),
      );
      if (wider !== undefined) yield redundant(group, position, wider);
    }
  }
}

function redundant(group: HTTPRouteGroup, position: number, wider: number): Diagnostic {
  const [narrow, wide] = [group.matches[position]?.name, group.matches[wider]?.name];
  return diagnostic('SMI4502', {
    message: `whatever the match ${narrow} covers is covered by the match ${wide} of the same group`,
    origin: fieldOf(group, 'spec', 'matches', position, 'name'),
    related: [fieldOf(group, 'spec', 'matches', wider, 'name')],
  });
}

/** Of two equal matches the later one is redundant. */
function widerThan(
  position: number,
  matches: readonly HttpMatch[],
  comparison: Comparison,
  together: (other: number) => boolean,
): number | undefined {
  const narrow = matches[position];
  if (narrow === undefined) return undefined;
  const found = matches.findIndex(
    (wide, other) =>
      other !== position &&
      together(other) &&
      comparison.covers(wide, narrow) &&
      (other < position || !comparison.covers(narrow, wide)),
  );
  return found < 0 ? undefined : found;
}

/** What one TrafficTarget, TrafficPolicy or TrafficSplit uses of a group: some matches by name, or all. */
type Use = 'all' | ReadonlySet<string>;

function alwaysTogether(uses: readonly Use[], narrow: string, wide: string): boolean {
  return uses.every((use) => use === 'all' || !use.has(narrow) || use.has(wide));
}

function usesOfGroups({ input }: LintSubject): ReadonlyMap<string, readonly Use[]> {
  const uses = new Map<string, Use[]>();
  const naming = [
    ...input.targets.map(({ meta, rules }) => ({ meta, references: rules })),
    ...(input.policies ?? []).map(({ meta, matches = [] }) => ({ meta, references: matches })),
  ];
  for (const { meta, references } of naming) {
    const groups = Map.groupBy<string, (typeof references)[number]>(
      references.filter(({ kind }) => kind === 'HTTPRouteGroup'),
      ({ name }) => name,
    );
    for (const [name, named] of groups) {
      const all = named.some(({ matches }) => matches === undefined);
      add(uses, `${meta.namespace}/${name}`, all ? 'all' : new Set(named.flatMap(({ matches }) => matches ?? [])));
    }
  }
  for (const { meta, matches } of input.splits) {
    for (const { name } of matches ?? []) add(uses, `${meta.namespace}/${name}`, 'all');
  }
  return uses;
}

function add(uses: Map<string, Use[]>, group: string, use: Use): void {
  const known = uses.get(group);
  if (known === undefined) uses.set(group, [use]);
  else known.push(use);
}
