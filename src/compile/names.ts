import type { Graph } from '../lib/incremental/graph.ts';
import { Groups } from '../lib/incremental/groups.ts';
import type { Lookup, Stage } from '../lib/incremental/stage.ts';
import type { InputSources } from './input-sources.ts';

/** Names by namespace, for the proposal that goes with a reference that leads nowhere. */
type NamesByNamespace = Lookup<string, readonly string[]>;

const lists = [
  'services',
  'serviceAccounts',
  'routeGroups',
  'tcpRoutes',
  'udpRoutes',
  'identityBindings',
] as const satisfies readonly (keyof InputSources)[];

export type Names = Readonly<Record<(typeof lists)[number], NamesByNamespace>>;

export function namesOf(graph: Graph, input: InputSources): Names {
  return Object.fromEntries(
    lists.map((list) => [list, namesIn(graph, input[list] as Stage<string, unknown>)]),
  ) as Names;
}

/** The names behind the keys of a stage, which are `NAMESPACE/NAME`. */
export function namesIn(graph: Graph, stage: Stage<string, unknown>): NamesByNamespace {
  return new Groups<string, unknown, string, string>(graph, stage, (_value, key) => {
    const slash = key.indexOf('/');
    return [[key.slice(0, slash), key.slice(slash + 1)]];
  });
}
