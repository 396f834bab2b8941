import type { ConformanceCase } from '../../case.ts';

// A lane is namespaces with the pods of one topology, which several cases use one after the other. Names of a case and those of its
// lane are turned into each other.

/** Cases that one lane may have before another with the same pods is worth its start. */
const casesPerLane = 20;

/** Divides cases into those that share a topology, each group into lanes; those with most cases come first. */
export function lanesOf(cases: readonly ConformanceCase[]): readonly (readonly ConformanceCase[])[] {
  const alike = Map.groupBy(cases, topologyKey);
  const lanes = [...alike.values()].flatMap((group) => {
    const count = Math.ceil(group.length / casesPerLane);
    return Array.from({ length: count }, (_, lane) => group.filter((__, index) => index % count === lane));
  });
  return lanes.sort((one, other) => other.length - one.length);
}

/** What two cases have in common whose pods and Services are the same but for the names of namespaces. */
function topologyKey({ topology, namespaces }: ConformanceCase): string {
  return renamed(JSON.stringify(topology), new Map(namespaces.map((name, index) => [name, `$${index}`])));
}

/** A text with other names of namespaces. */
export function renamed(text: string, names: ReadonlyMap<string, string>): string {
  if (names.size === 0) return text;
  // Of two names that begin alike the longer one is meant where both could be.
  const longestFirst = [...names.keys()].sort((one, other) => other.length - one.length);
  const pattern = new RegExp(`(?<![a-z0-9-])(?:${longestFirst.join('|')})(?![a-z0-9-])`, 'g');
  return text.replaceAll(pattern, (name) => names.get(name) ?? name);
}

/** The same of every text of a value. */
export function renamedIn<T>(value: T, names: ReadonlyMap<string, string>): T {
  return JSON.parse(renamed(JSON.stringify(value), names)) as T;
}
